# SPDX-License-Identifier: Apache-2.0
#
# Stand-ins for the commands of Vivado that the scripts in Sources/Packaging/Files/vivado use, for
# plain tclsh. They do no work; they know names and rules, and stop at the first one that is broken,
# with file and line:
#
#   commands, options, kinds of arguments   UG835; ipx::* UG1118
#   IP cores: VLNV, parameters, pins        PG021 axi_dma, PG085 axis_dwidth_converter, PG164
#                                           proc_sys_reset, PG247 smartconnect, PG082
#                                           processing_system7; xlconcat
#   files                                   exist
#   a block design                          pins exist, directions fit, clocks and resets are
#                                           connected, interfaces share a clock, stream widths
#                                           agree, every slave has an address, none overlap
#
# What a script did is left in ::stub::log for the tests. Tables were written from the guides, not
# from a run of Vivado: that they accept a script says that it keeps to them.

namespace eval stub {
  variable log {}          ;# one line a command
  variable boards {}       ;# board parts that "are installed"
  variable slack 0.125
  variable kind            ;# object -> kind
  variable property        ;# object,name -> value
  variable project ""
  variable core {}         ;# of ipx: name vendor library version ports
  variable catalogue {}    ;# vlnv -> what save_core wrote
  variable cells {}        ;# name -> vlnv
  variable nets {}         ;# pin -> source pin
  variable links {}        ;# interface -> interface, both ways
  variable addresses {}    ;# {space segment offset range}
  variable synthesized 0
  array set kind {}
  array set property {}
}

namespace eval ipx {}

# ---- Errors ---------------------------------------------------------------------------------

# File and line of the script that is being run, and of what called it: the innermost frames that
# are not of the stand-ins.
proc stub::where {} {
  set lines {}
  for {set level [info frame]} {$level > 0} {incr level -1} {
    set frame [info frame $level]
    if {[dict get $frame type] ne "source"} { continue }
    set file [file normalize [dict get $frame file]]
    if {[file tail $file] in {vivado_stub.tcl vivado.tcl}} { continue }
    set line "[file tail $file]:[dict get $frame line]"
    if {$line ni $lines} { lappend lines $line }
  }
  return [join [lrange $lines 0 1] { from }]
}

proc stub::fail {message} { return -code error -level 1 "[where]: $message" }

# tclsh would look for a program of that name.
proc unknown {name args} { stub::fail "unknown command '$name'" }

# ---- Commands -------------------------------------------------------------------------------

# command NAME {OPTION KIND ...} {LEAST MOST KIND} BODY. A KIND says what a value has to be; "flag" is
# an option without value. The body sees `opt`, a dictionary, and `objects`, the other arguments.
proc stub::command {name options positional body} {
  proc ::stub::body_[string map {:: _} $name] {opt objects} $body
  proc ::$name args [format {
    lassign [::stub::parse %s {%s} {%s} $args] opt objects
    lappend ::stub::log [list %s $opt $objects]
    ::stub::body_%s $opt $objects
  } $name $options $positional $name [string map {:: _} $name]]
}

proc stub::parse {name options positional arguments} {
  set opt {}
  set objects {}
  dict set options -quiet flag
  dict set options -verbose flag
  while {[llength $arguments] > 0} {
    set arguments [lassign $arguments argument]
    if {[string match {-[a-z]*} $argument]} {
      if {![dict exists $options $argument]} { fail "$name: unknown option '$argument'" }
      set type [dict get $options $argument]
      if {$type eq "flag"} {
        dict set opt $argument 1
      } else {
        if {[llength $arguments] == 0} { fail "$name: option '$argument' needs a value" }
        set arguments [lassign $arguments value]
        check $name $argument $type $value
        dict set opt $argument $value
      }
    } else {
      lappend objects $argument
    }
  }
  lassign $positional least most type
  set count [llength $objects]
  if {$count < $least || ($most ne "*" && $count > $most)} {
    fail "$name: $count arguments, expected $least to $most"
  }
  foreach object $objects { check $name argument $type $object }
  return [list $opt $objects]
}

proc stub::check {name what type value} {
  switch -glob -- $type {
    any {}
    integer { if {![string is entier -strict $value]} { fail "$name: $what is no integer: '$value'" } }
    file { if {![file isfile $value]} { fail "$name: file '$value' does not exist" } }
    files {
      if {[llength $value] == 0} { fail "$name: no files" }
      foreach path $value {
        if {![file isfile $path]} { fail "$name: file '$path' does not exist" }
      }
    }
    newfile {
      if {![file isdirectory [file dirname $value]]} { fail "$name: folder of '$value' does not exist" }
    }
    part { if {![regexp {^xc7[a-z0-9]+-[123]L?$} $value]} { fail "$name: no part '$value'" } }
    vlnv { if {[llength [split $value :]] != 4} { fail "$name: '$value' is no VLNV" } }
    name { if {![regexp {^[A-Za-z][A-Za-z0-9_]*$} $value]} { fail "$name: '$value' is no name" } }
    =* {
      set allowed [split [string range $type 1 end] |]
      if {$value ni $allowed} { fail "$name: $what is '$value', not one of [join $allowed {, }]" }
    }
    object:* {
      variable kind
      set wanted [split [string range $type 7 end] |]
      # A list of one object is that object.
      foreach object $value {
        if {![info exists kind($object)]} { fail "$name: '$object' is no object (wanted [join $wanted { or }])" }
        if {$kind($object) ni $wanted} {
          fail "$name: '$object' is a $kind($object), wanted [join $wanted { or }]"
        }
      }
      if {[llength $value] == 0} { fail "$name: no object (wanted [join $wanted { or }])" }
    }
    default { error "stub: unknown kind $type" }
  }
}

proc stub::object {name type} {
  variable kind
  set kind($name) $type
  return $name
}

proc stub::need_project {} {
  variable project
  if {$project eq ""} { fail "there is no open project" }
}

# ---- Properties -----------------------------------------------------------------------------

# kind -> properties that can be set, and that can be read besides.
set stub::settable {
  project {board_part ip_repo_paths target_language default_lib}
  fileset {top}
  file {USED_IN file_type is_enabled}
  component {name version display_name description supported_families core_revision vendor_display_name
    company_url}
  bus_interface {slave_memory_map_ref description display_name}
  bus_parameter {value}
  memory_map {description}
  address_block {range width usage description base_address}
  register {address_offset size access description}
  field {bit_offset bit_width access description}
}
set stub::readable {
  project {DIRECTORY NAME}
  run {PROGRESS STATUS STATS.WNS DIRECTORY}
  timing_path {SLACK}
}
set stub::values {
  usage {register memory reserved}
  access {read-only read-write write-only writeOnce read-writeOnce}
}

proc stub::set_one {name value object} {
  variable kind; variable property; variable settable; variable values
  if {![info exists kind($object)]} { fail "set_property: '$object' is no object" }
  set type $kind($object)
  if {$type eq "cell"} {
    if {![string match CONFIG.* $name]} { fail "set_property: cells have no property '$name'" }
    set_config [string range $name 7 end] $value $object
  } elseif {![dict exists $settable $type] || $name ni [dict get $settable $type]} {
    fail "set_property: a $type has no property '$name' that can be set"
  } elseif {[dict exists $values $name] && $value ni [dict get $values $name]} {
    fail "set_property: $name is '$value', not one of [join [dict get $values $name] {, }]"
  } elseif {$name eq "board_part"} {
    variable boards
    if {$value ni $boards} { fail "set_property: board part '$value' is not installed" }
  } elseif {$name eq "top"} {
    if {$value ni [modules]} { fail "set_property: there is no module '$value' in the sources" }
  } elseif {$name in {range width size bit_offset bit_width address_offset} &&
            ![string is entier -strict $value]} {
    fail "set_property: $name is no number: '$value'"
  }
  set property($object,$name) $value
}

proc set_property args {
  lappend ::stub::log [list set_property {} $args]
  if {[lindex $args 0] eq "-dict"} {
    if {[llength $args] != 3} { stub::fail "set_property -dict: expected a list and objects" }
    lassign $args - pairs objects
    if {[llength $pairs] % 2} { stub::fail "set_property -dict: odd number of elements" }
  } else {
    if {[llength $args] != 3} { stub::fail "set_property: expected name, value and objects" }
    if {[string match -* [lindex $args 0]]} { stub::fail "set_property: unknown option '[lindex $args 0]'" }
    lassign $args name value objects
    set pairs [list $name $value]
  }
  if {[llength $objects] == 0} { stub::fail "set_property: no object" }
  foreach object $objects {
    foreach {name value} $pairs { stub::set_one $name $value $object }
  }
}

stub::command get_property {} {2 2 any} {
  variable kind; variable property; variable readable; variable settable; variable slack
  lassign $objects name object
  if {![info exists kind($object)]} { fail "get_property: '$object' is no object" }
  set type $kind($object)
  if {$type eq "cell"} {
    if {![string match CONFIG.* $name]} { fail "get_property: cells have no property '$name'" }
    return [config $object [string range $name 7 end]]
  }
  set known {}
  foreach table [list $readable $settable] {
    if {[dict exists $table $type]} { lappend known {*}[dict get $table $type] }
  }
  if {$name ni $known} { fail "get_property: a $type has no property '$name'" }
  switch -- $name {
    SLACK - STATS.WNS { return $slack }
    PROGRESS { return 100% }
    STATUS { return "write_bitstream Complete!" }
  }
  if {[info exists property($object,$name)]} { return $property($object,$name) }
  return ""
}

# ---- Projects and files ---------------------------------------------------------------------

stub::command create_project {-part part -force flag -in_memory flag -ip flag} {0 2 any} {
  variable project; variable sources {}; variable synthesized 0
  variable cells {}; variable nets {}; variable links {}; variable addresses {}
  if {$project ne ""} { fail "create_project: project '$project' is open" }
  if {![dict exists $opt -part]} { fail "create_project: no part" }
  if {[dict exists $opt -in_memory]} {
    set project in_memory
  } else {
    if {[llength $objects] != 2} { fail "create_project: expected a name and a folder" }
    lassign $objects project folder
    check create_project name name $project
    set file [file join $folder $project.xpr]
    if {[file exists $file] && ![dict exists $opt -force]} { fail "create_project: '$file' exists" }
    file mkdir $folder
    close [open $file w]
    variable project_folder $folder
  }
  object current_project project
  object sources_1 fileset
  object constrs_1 fileset
  return $project
}

stub::command close_project {} {0 0 any} {
  variable project
  need_project
  set project ""
}

stub::command current_project {} {0 0 any} { need_project; return current_project }

stub::command get_filesets {} {1 1 any} {
  check get_filesets argument object:fileset [lindex $objects 0]
  return $objects
}

proc stub::add {files} {
  variable sources
  foreach path $files {
    if {![file isfile $path]} { fail "file '$path' does not exist" }
    lappend sources [object [file normalize $path] file]
  }
}

stub::command add_files {-fileset =sources_1|constrs_1|sim_1 -norecurse flag -scan_for_includes flag} {1 * files} {
  need_project
  foreach files $objects { add $files }
}

stub::command read_verilog {-library any -sv flag} {1 1 files} { need_project; add [lindex $objects 0] }
stub::command read_mem {} {1 1 files} { need_project; add [lindex $objects 0] }
stub::command read_xdc {-mode =default|out_of_context -cells any -ref any -unmanaged flag} {1 1 file} {
  need_project
  add $objects
}

stub::command get_files {-of_objects any -all flag} {0 1 any} {
  variable sources
  set found {}
  foreach pattern [lindex $objects 0] {
    foreach path $sources {
      if {$path eq [file normalize $pattern] || [file tail $path] eq $pattern} { lappend found $path }
    }
  }
  if {[llength $found] == 0 && ![dict exists $opt -quiet]} { fail "get_files: no file '$objects'" }
  return $found
}

# Modules of the sources, read from the Verilog.
proc stub::modules {} {
  variable sources
  set found {}
  foreach path $sources {
    if {[file extension $path] ne ".v"} { continue }
    set file [open $path]
    lappend found {*}[lmap {- name} [regexp -all -inline -line {^\s*module\s+(\w+)} [read $file]] {set name}]
    close $file
  }
  return $found
}

stub::command update_compile_order {-fileset object:fileset} {0 0 any} { need_project }

# ---- Synthesis ------------------------------------------------------------------------------

stub::command synth_design {-top name -part part -mode =default|out_of_context
  -flatten_hierarchy =rebuilt|full|none -name any -generic any -include_dirs any -directive any
  -constrset any -rtl flag -assert flag} {0 0 any} {
  variable synthesized
  need_project
  if {![dict exists $opt -top]} { fail "synth_design: no -top" }
  if {[dict get $opt -top] ni [modules]} { fail "synth_design: there is no module '[dict get $opt -top]'" }
  # Every memory image that the Verilog names is a source.
  variable sources
  set tails [lmap path $sources { file tail $path }]
  foreach path $sources {
    if {[file extension $path] ne ".v"} { continue }
    set file [open $path]
    foreach {- image} [regexp -all -inline {"([\w./-]+\.mem)"} [read $file]] {
      if {$image ni $tails} { fail "synth_design: [file tail $path] reads '$image', which is no source" }
    }
    close $file
  }
  set synthesized 1
}
foreach step {opt_design place_design phys_opt_design route_design} {
  stub::command $step {-directive any} {0 0 any} {
    variable synthesized
    if {!$synthesized} { fail "no design is open" }
  }
}
stub::command write_checkpoint {-force flag} {1 1 newfile} {}
stub::command report_utilization {-file newfile -hierarchical flag -hierarchical_depth integer -cells any -append flag} {0 0 any} {}
stub::command report_timing_summary {-file newfile -max_paths integer -nworst integer -delay_type =max|min|min_max} {0 0 any} {}
stub::command report_power {-file newfile} {0 0 any} {}
stub::command get_timing_paths {-max_paths integer -nworst integer -setup flag -hold flag} {0 0 any} {
  return [object path_1 timing_path]
}

# ---- Packager -------------------------------------------------------------------------------

# Ports of a module with a header in Verilog-2001 style: name -> {direction bits}.
proc stub::ports {module} {
  variable sources
  foreach path $sources {
    if {[file extension $path] ne ".v"} { continue }
    set file [open $path]
    set text [read $file]
    close $file
    if {![regexp "module\\s+$module\\s*(?:#\\s*\\(.*?\\))?\\s*\\((.*?)\\);" $text - header]} { continue }
    set ports {}
    foreach {- direction - msb name} [regexp -all -inline \
        {(input|output)\s+(?:wire|reg)?\s*(?:signed)?\s*(\[\s*(\d+)\s*:\s*0\s*\])?\s*(\w+)} $header] {
      dict set ports $name [list $direction [expr {$msb eq "" ? 1 : $msb + 1}]]
    }
    return $ports
  }
  fail "module '$module' is not in the sources"
}

# What a packager would infer: interface -> {vlnv mode signals}.
proc stub::infer {type} {
  variable core
  set ports [dict get $core ports]
  set wanted {
    xilinx.com:interface:aximm_rtl:1.0 {awaddr awprot awvalid awready wdata wstrb wvalid wready bresp
      bvalid bready araddr arprot arvalid arready rdata rresp rvalid rready}
    xilinx.com:interface:axis_rtl:1.0 {tdata tvalid tready tlast}
  }
  if {![dict exists $wanted $type]} { fail "ipx: unknown interface type '$type'" }
  set signals [dict get $wanted $type]
  dict for {port -} $ports {
    if {![regexp "^(\\w+)_[lindex $signals 0]\$" $port - prefix]} { continue }
    if {[lsearch -not [lmap signal $signals { dict exists $ports ${prefix}_$signal }] 1] < 0} {
      # The first signal goes from master to slave.
      set mode [expr {[lindex [dict get $ports $port] 0] eq "input" ? "slave" : "master"}]
      dict set core interfaces $prefix [list $type $mode]
      object busif:$prefix bus_interface
    }
  }
}

stub::command ipx::package_project {-root_dir any -vendor name -library name -taxonomy any -module name
  -import_files flag -force flag -set_current =true|false -generated_files flag} {0 0 any} {
  variable core; variable property
  need_project
  if {![info exists property(sources_1,top)]} { fail "ipx::package_project: no top module" }
  foreach option {-root_dir -vendor -library} {
    if {![dict exists $opt $option]} { fail "ipx::package_project: no $option" }
  }
  variable sources
  set core [dict create root [dict get $opt -root_dir] vendor [dict get $opt -vendor] \
    library [dict get $opt -library] top $property(sources_1,top) ports [ports $property(sources_1,top)] \
    interfaces {} associations {} registers {} parameters {} checked 0 files $sources]
  object component_1 component
  infer xilinx.com:interface:aximm_rtl:1.0
  infer xilinx.com:interface:axis_rtl:1.0
}
stub::command ipx::current_core {} {0 0 any} {
  variable core
  if {$core eq ""} { fail "ipx::current_core: there is none" }
  return component_1
}
stub::command ipx::get_bus_interfaces {-of_objects object:component} {1 1 any} {
  variable core
  set name [lindex $objects 0]
  if {[dict exists $core interfaces $name]} { return busif:$name }
  return {}
}
stub::command ipx::infer_bus_interfaces {} {2 2 any} {
  check ipx::infer_bus_interfaces argument object:component [lindex $objects 1]
  infer [lindex $objects 0]
}
stub::command ipx::infer_bus_interface {} {3 3 any} {
  variable core
  lassign $objects port type object
  check ipx::infer_bus_interface argument object:component $object
  if {$type ni {xilinx.com:signal:clock_rtl:1.0 xilinx.com:signal:reset_rtl:1.0
                xilinx.com:signal:interrupt_rtl:1.0}} {
    fail "ipx::infer_bus_interface: unknown type '$type'"
  }
  if {![dict exists $core ports $port]} { fail "ipx::infer_bus_interface: no port '$port'" }
  set direction [lindex [dict get $core ports $port] 0]
  dict set core interfaces $port [list $type [expr {$direction eq "input" ? "slave" : "master"}]]
  return [object busif:$port bus_interface]
}
stub::command ipx::get_bus_parameters {-of_objects object:bus_interface} {1 1 any} {
  variable kind
  set name [dict get $opt -of_objects]:[lindex $objects 0]
  return [expr {[info exists kind($name)] ? $name : ""}]
}
stub::command ipx::add_bus_parameter {} {2 2 any} {
  lassign $objects name interface
  check ipx::add_bus_parameter argument object:bus_interface $interface
  if {$name ni {POLARITY SENSITIVITY ASSOCIATED_BUSIF ASSOCIATED_RESET FREQ_HZ}} {
    fail "ipx::add_bus_parameter: unknown parameter '$name'"
  }
  return [object $interface:$name bus_parameter]
}
stub::command ipx::associate_bus_interfaces {-busif any -clock any -reset any -clear flag -remove flag} {1 1 object:component} {
  variable core
  foreach {option type} {-busif "" -clock clock -reset reset} {
    if {![dict exists $opt $option]} { continue }
    set name [dict get $opt $option]
    if {![dict exists $core interfaces $name]} {
      fail "ipx::associate_bus_interfaces: $option '$name' is no interface"
    }
    if {$type ne "" && ![string match *:signal:${type}_rtl:* [lindex [dict get $core interfaces $name] 0]]} {
      fail "ipx::associate_bus_interfaces: $option '$name' is no $type"
    }
  }
  if {[dict exists $opt -busif]} {
    dict set core associations [dict get $opt -busif] [dict get $opt -clock]
  }
}
stub::command ipx::get_memory_maps {-of_objects object:component} {0 1 any} {
  variable kind
  set name map:[lindex $objects 0]
  return [expr {[info exists kind($name)] ? $name : ""}]
}
stub::command ipx::add_memory_map {} {2 2 any} {
  check ipx::add_memory_map argument object:component [lindex $objects 1]
  return [object map:[lindex $objects 0] memory_map]
}
stub::command ipx::get_address_blocks {-of_objects object:memory_map} {0 1 any} {
  variable kind
  set name block:[lindex $objects 0]
  return [expr {[info exists kind($name)] ? $name : ""}]
}
stub::command ipx::add_address_block {} {2 2 any} {
  check ipx::add_address_block argument object:memory_map [lindex $objects 1]
  return [object block:[lindex $objects 0] address_block]
}
stub::command ipx::add_register {} {2 2 any} {
  variable core
  lassign $objects name block
  check ipx::add_register argument object:address_block $block
  if {$name in [dict get $core registers]} { fail "ipx::add_register: there is a register '$name'" }
  dict lappend core registers $name
  return [object register:$name register]
}
stub::command ipx::add_field {} {2 2 any} {
  check ipx::add_field argument object:register [lindex $objects 1]
  return [object [lindex $objects 1]:[lindex $objects 0] field]
}
stub::command ipx::create_xgui_files {} {1 1 object:component} {}
stub::command ipx::update_checksums {} {1 1 object:component} {}
stub::command ipx::check_integrity {} {1 1 object:component} {
  variable core; variable property
  # Registers do not overlap and lie in the block.
  set seen {}
  foreach name [dict get $core registers] {
    foreach attribute {address_offset size access} {
      if {![info exists property(register:$name,$attribute)]} { fail "register $name has no $attribute" }
    }
    set offset [expr {$property(register:$name,address_offset)}]
    if {$offset in $seen} { fail "register $name: there is one at $offset" }
    if {$offset % 4 || $offset >= $property(block:reg0,range)} { fail "register $name: offset $offset" }
    lappend seen $offset
  }
  dict for {name interface} [dict get $core interfaces] {
    if {[string match *:interface:* [lindex $interface 0]] && ![dict exists $core associations $name]} {
      fail "interface $name has no clock"
    }
  }
  dict set core checked 1
}
stub::command ipx::save_core {} {1 1 object:component} {
  variable core; variable property
  if {![dict get $core checked]} { fail "ipx::save_core: integrity was not checked" }
  foreach name {name version display_name description} {
    if {![info exists property(component_1,$name)]} { fail "ipx::save_core: no $name" }
    dict set core $name $property(component_1,$name)
  }
  dict for {name interface} [dict get $core interfaces] {
    foreach {type parameter} {reset POLARITY interrupt SENSITIVITY} {
      if {[string match *:signal:${type}_rtl:* [lindex $interface 0]] &&
          ![info exists property(busif:$name:$parameter,value)]} {
        fail "ipx::save_core: $name has no $parameter"
      }
    }
  }
  file mkdir [dict get $core root]
  set file [open [file join [dict get $core root] component.xml] w]
  puts $file $core
  close $file
  set core {}
}

# ---- Cores of the catalogue -----------------------------------------------------------------

# vlnv -> {parameters {name default ...} pins {...} interfaces {...}}. Pins and interfaces may depend on
# parameters, so that each is a script that returns a list:
#   pins        {name direction kind}: kind is clk, rst, intr or data; clk and rst inputs are required
#   interfaces  {name mode protocol clock}: mode M or S; all are required but DDR and FIXED_IO
proc stub::ip {vlnv parameters pins interfaces} {
  variable ips
  dict set ips $vlnv parameters $parameters
  proc ::stub::pins_$vlnv {p} $pins
  proc ::stub::interfaces_$vlnv {p} $interfaces
}

stub::ip xilinx.com:ip:processing_system7:5.5 {
  PCW_USE_M_AXI_GP0 0 PCW_USE_M_AXI_GP1 0 PCW_USE_S_AXI_HP0 0 PCW_USE_S_AXI_HP1 0
  PCW_S_AXI_HP0_DATA_WIDTH 64 PCW_EN_CLK0_PORT 1 PCW_EN_RST0_PORT 1
  PCW_FPGA0_PERIPHERAL_FREQMHZ 50 PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ 50
  PCW_USE_FABRIC_INTERRUPT 0 PCW_IRQ_F2P_INTR 0 preset None
} {
  set pins {}
  if {[dict get $p PCW_EN_CLK0_PORT]} { lappend pins {FCLK_CLK0 O clk} }
  if {[dict get $p PCW_EN_RST0_PORT]} { lappend pins {FCLK_RESET0_N O rst} }
  foreach port {M_AXI_GP0 M_AXI_GP1 S_AXI_HP0 S_AXI_HP1} {
    if {[dict get $p PCW_USE_$port]} { lappend pins [list ${port}_ACLK I clk] }
  }
  if {[dict get $p PCW_USE_FABRIC_INTERRUPT] && [dict get $p PCW_IRQ_F2P_INTR]} { lappend pins {IRQ_F2P I intr} }
  return $pins
} {
  set interfaces {{DDR M ddr {}} {FIXED_IO M fixedio {}}}
  foreach port {M_AXI_GP0 M_AXI_GP1} {
    if {[dict get $p PCW_USE_$port]} { lappend interfaces [list $port M aximm ${port}_ACLK] }
  }
  foreach port {S_AXI_HP0 S_AXI_HP1} {
    if {[dict get $p PCW_USE_$port]} { lappend interfaces [list $port S aximm ${port}_ACLK] }
  }
  return $interfaces
}
stub::ip xilinx.com:ip:axi_dma:7.1 {
  c_include_sg 1 c_sg_include_stscntrl_strm 1 c_sg_length_width 14 c_include_mm2s 1 c_include_s2mm 1
  c_m_axi_mm2s_data_width 32 c_m_axis_mm2s_tdata_width 32 c_m_axi_s2mm_data_width 32
  c_s_axis_s2mm_tdata_width 32 c_include_mm2s_dre 0 c_include_s2mm_dre 0 c_mm2s_burst_size 16
  c_s2mm_burst_size 16 c_addr_width 32 c_micro_dma 0 c_enable_multi_channel 0
} {
  set pins {{s_axi_lite_aclk I clk} {m_axi_mm2s_aclk I clk} {m_axi_s2mm_aclk I clk} {axi_resetn I rst}
    {mm2s_prmry_reset_out_n O rst} {s2mm_prmry_reset_out_n O rst} {mm2s_introut O intr}
    {s2mm_introut O intr}}
  if {[dict get $p c_include_sg]} { lappend pins {m_axi_sg_aclk I clk} }
  return $pins
} {
  set interfaces {{S_AXI_LITE S aximm s_axi_lite_aclk} {M_AXI_MM2S M aximm m_axi_mm2s_aclk}
    {M_AXI_S2MM M aximm m_axi_s2mm_aclk} {M_AXIS_MM2S M axis m_axi_mm2s_aclk}
    {S_AXIS_S2MM S axis m_axi_s2mm_aclk}}
  if {[dict get $p c_include_sg]} { lappend interfaces {M_AXI_SG M aximm m_axi_sg_aclk} }
  return $interfaces
}
stub::ip xilinx.com:ip:axis_dwidth_converter:1.1 {
  S_TDATA_NUM_BYTES 1 M_TDATA_NUM_BYTES 1 HAS_TLAST 0 HAS_TKEEP 0 HAS_MI_TKEEP 0 HAS_TSTRB 0 HAS_ACLKEN 0
  TID_WIDTH 0 TDEST_WIDTH 0 TUSER_BITS_PER_BYTE 0
} { return {{aclk I clk} {aresetn I rst}} } { return {{S_AXIS S axis aclk} {M_AXIS M axis aclk}} }
stub::ip xilinx.com:ip:proc_sys_reset:5.0 {
  C_EXT_RST_WIDTH 4 C_AUX_RST_WIDTH 4 C_EXT_RESET_HIGH 0 C_AUX_RESET_HIGH 0 C_NUM_BUS_RST 1
  C_NUM_PERP_RST 1 C_NUM_INTERCONNECT_ARESETN 1 C_NUM_PERP_ARESETN 1
} {
  return {{slowest_sync_clk I clk} {ext_reset_in I rst} {aux_reset_in I data} {mb_debug_sys_rst I data}
    {dcm_locked I data} {mb_reset O rst} {bus_struct_reset O rst} {peripheral_reset O rst}
    {interconnect_aresetn O rst} {peripheral_aresetn O rst}}
} { return {} }
stub::ip xilinx.com:ip:smartconnect:1.0 {NUM_SI 2 NUM_MI 1 NUM_CLKS 1 HAS_ARESETN 1} {
  return {{aclk I clk} {aresetn I rst}}
} {
  set interfaces {}
  for {set i 0} {$i < [dict get $p NUM_SI]} {incr i} { lappend interfaces [list [format S%02d_AXI $i] S aximm aclk] }
  for {set i 0} {$i < [dict get $p NUM_MI]} {incr i} { lappend interfaces [list [format M%02d_AXI $i] M aximm aclk] }
  return $interfaces
}
stub::ip xilinx.com:ip:xlconcat:2.1 {NUM_PORTS 2 dout_width 2 IN0_WIDTH 1 IN1_WIDTH 1 IN2_WIDTH 1} {
  set pins {{dout O data}}
  for {set i 0} {$i < [dict get $p NUM_PORTS]} {incr i} { lappend pins [list In$i I required] }
  return $pins
} { return {} }

# Least, most, or a list of what parameters may be.
set stub::ranges {
  c_sg_length_width {8 26} NUM_SI {1 16} NUM_MI {1 16} NUM_PORTS {1 128}
  S_TDATA_NUM_BYTES {1 512} M_TDATA_NUM_BYTES {1 512} PCW_FPGA0_PERIPHERAL_FREQMHZ {0.1 250}
}
set stub::choices {
  c_m_axi_mm2s_data_width {32 64 128 256 512 1024} c_m_axi_s2mm_data_width {32 64 128 256 512 1024}
  c_m_axis_mm2s_tdata_width {8 16 32 64 128 256 512 1024}
  c_s_axis_s2mm_tdata_width {8 16 32 64 128 256 512 1024} PCW_S_AXI_HP0_DATA_WIDTH {32 64}
  preset {None ZC702 ZC706 ZedBoard Microzed}
}

proc stub::set_config {name value cell} {
  variable cells; variable config; variable ips; variable ranges; variable choices
  set vlnv [dict get $cells $cell]
  if {![dict exists $config $cell $name]} { fail "set_property: $vlnv has no parameter '$name'" }
  if {[dict exists $ranges $name]} {
    lassign [dict get $ranges $name] least most
    if {![string is double -strict $value] || $value < $least || $value > $most} {
      fail "set_property: $name is '$value', expected $least to $most"
    }
  }
  if {[dict exists $choices $name] && $value ni [dict get $choices $name]} {
    fail "set_property: $name is '$value', expected one of [dict get $choices $name]"
  }
  dict set config $cell $name $value
  if {$name eq "PCW_FPGA0_PERIPHERAL_FREQMHZ"} { dict set config $cell PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ $value }
}

proc stub::config {cell name} {
  variable config
  if {![dict exists $config $cell $name]} { fail "get_property: $cell has no parameter '$name'" }
  return [dict get $config $cell $name]
}

proc stub::pins {cell} {
  variable cells; variable config
  return [pins_[dict get $cells $cell] [dict get $config $cell]]
}
proc stub::interfaces {cell} {
  variable cells; variable config
  return [interfaces_[dict get $cells $cell] [dict get $config $cell]]
}

stub::command update_ip_catalog {-rebuild flag -scan_changes flag -repo_path any} {0 0 any} {
  variable property; variable catalogue
  need_project
  set catalogue {}
  if {![info exists property(current_project,ip_repo_paths)]} { return }
  foreach folder $property(current_project,ip_repo_paths) {
    if {![file isdirectory $folder]} { fail "update_ip_catalog: no folder '$folder'" }
    foreach path [glob -nocomplain [file join $folder * component.xml]] {
      set file [open $path]
      set core [read $file]
      close $file
      set vlnv [join [list [dict get $core vendor] [dict get $core library] [dict get $core name] [dict get $core version]] :]
      dict set catalogue $vlnv $core
      set pins {}
      set interfaces {}
      dict for {name entry} [dict get $core interfaces] {
        lassign $entry type mode
        set letter [string toupper [string index $mode 0]]
        regexp {:(signal|interface):(\w+)_rtl:} $type - class protocol
        set direction [expr {$mode eq "slave" ? "I" : "O"}]
        if {$class eq "interface"} {
          lappend interfaces [list $name $letter $protocol [dict get $core associations $name]]
        } else {
          lappend pins [list $name $direction [dict get {clock clk reset rst interrupt intr} $protocol]]
        }
      }
      ip $vlnv {} [list return $pins] [list return $interfaces]
    }
  }
}
stub::command get_ipdefs {-all flag} {0 1 any} {
  variable ips
  set name [lindex $objects 0]
  return [expr {[dict exists $ips $name] ? $name : ""}]
}
stub::command get_board_parts {-latest_file_version flag} {0 1 any} {
  variable boards
  return [expr {[lindex $objects 0] in $boards ? [lindex $objects 0] : ""}]
}

# ---- Block designs --------------------------------------------------------------------------

stub::command create_bd_design {-dir any} {1 1 name} {
  variable bd; variable config {}; variable ips
  need_project
  set bd [lindex $objects 0]
}
stub::command create_bd_cell {-type =ip|module|hier -vlnv vlnv -reference name} {1 1 name} {
  variable ips; variable cells; variable config
  set name /[lindex $objects 0]
  if {[dict get $opt -type] ne "ip"} { fail "create_bd_cell: only -type ip has a stand-in" }
  if {![dict exists $opt -vlnv]} { fail "create_bd_cell: no -vlnv" }
  set vlnv [dict get $opt -vlnv]
  if {![dict exists $ips $vlnv]} { fail "create_bd_cell: no IP '$vlnv' in the catalogue" }
  if {[dict exists $cells $name]} { fail "create_bd_cell: there is a cell '$name'" }
  dict set cells $name $vlnv
  dict set config $name [dict get $ips $vlnv parameters]
  return [object $name cell]
}
stub::command apply_bd_automation {-rule any -config any} {1 1 object:cell} {
  variable property; variable preset
  if {[dict get $opt -rule] ne "xilinx.com:bd_rule:processing_system7"} {
    fail "apply_bd_automation: unknown rule '[dict get $opt -rule]'"
  }
  foreach key [dict keys [dict get $opt -config]] {
    if {$key ni {make_external apply_board_preset Master Slave}} {
      fail "apply_bd_automation: unknown key '$key'"
    }
  }
  if {[dict get $opt -config apply_board_preset] && ![info exists property(current_project,board_part)]} {
    fail "apply_bd_automation: the project has no board to take a preset from"
  }
  if {![dict get $opt -config apply_board_preset] && [config [lindex $objects 0] preset] eq "None"} {
    fail "apply_bd_automation: the processor has neither a board nor a preset: its memory is not set up"
  }
}
stub::command get_bd_cells {} {1 1 any} {
  variable cells
  set name /[string trimleft [lindex $objects 0] /]
  if {![dict exists $cells $name]} { fail "get_bd_cells: no cell '$name'" }
  return $name
}

# The entry of a pin or interface `cell/name`.
proc stub::entry {path table what} {
  variable cells
  if {![regexp {^/?(\w+)/(\w+)$} $path - cell name]} { fail "'$path' is no $what" }
  if {![dict exists $cells /$cell]} { fail "no cell '$cell'" }
  foreach entry [$table /$cell] {
    if {[lindex $entry 0] eq $name} { return $entry }
  }
  fail "$cell ([dict get $cells /$cell]) has no $what '$name'"
}
stub::command get_bd_pins {} {1 1 any} {
  set path [lindex $objects 0]
  entry $path pins pin
  return [object $path pin]
}
stub::command get_bd_intf_pins {} {1 1 any} {
  set path [lindex $objects 0]
  entry $path interfaces interface
  return [object $path interface]
}
stub::command connect_bd_net {-net any} {2 * object:pin} {
  variable nets
  set source ""
  foreach pin $objects {
    if {[lindex [entry $pin pins pin] 1] eq "O"} {
      if {$source ne "" && $source ne $pin} { fail "connect_bd_net: both '$source' and '$pin' drive" }
      set source $pin
    }
  }
  if {$source eq ""} { fail "connect_bd_net: none of these pins drives: $objects" }
  foreach pin $objects {
    if {$pin eq $source} { continue }
    if {[dict exists $nets $pin]} { fail "connect_bd_net: '$pin' is connected" }
    set from [lindex [entry $source pins pin] 2]
    set to [lindex [entry $pin pins pin] 2]
    if {($from eq "clk") != ($to eq "clk") || ($from eq "rst") != ($to eq "rst")} {
      fail "connect_bd_net: '$source' ($from) does not fit '$pin' ($to)"
    }
    dict set nets $pin $source
  }
}
stub::command connect_bd_intf_net {-intf_net any} {2 2 object:interface} {
  variable links
  lassign $objects a b
  set first [entry $a interfaces interface]
  set second [entry $b interfaces interface]
  if {[lindex $first 2] ne [lindex $second 2]} {
    fail "connect_bd_intf_net: '$a' is [lindex $first 2], '$b' is [lindex $second 2]"
  }
  if {[lindex $first 1] eq [lindex $second 1]} { fail "connect_bd_intf_net: '$a' and '$b' are both [lindex $first 1]" }
  foreach {one other} [list $a $b $b $a] {
    if {[dict exists $links $one]} { fail "connect_bd_intf_net: '$one' is connected" }
    dict set links $one $other
  }
}

# Address spaces of masters, and segments of slaves: path -> its interface.
proc stub::spaces {} {
  variable cells
  set found {}
  dict for {cell vlnv} $cells {
    set name [string trimleft $cell /]
    switch -glob -- $vlnv {
      *:processing_system7:* { dict set found $name/Data $name/M_AXI_GP0 }
      *:axi_dma:* {
        dict set found $name/Data_MM2S $name/M_AXI_MM2S
        dict set found $name/Data_S2MM $name/M_AXI_S2MM
      }
    }
  }
  return $found
}
proc stub::segments {} {
  variable cells
  set found {}
  dict for {cell vlnv} $cells {
    set name [string trimleft $cell /]
    foreach entry [interfaces $cell] {
      lassign $entry interface mode protocol
      if {$mode ne "S" || $protocol ne "aximm"} { continue }
      switch -glob -- $vlnv {
        *:processing_system7:* { dict set found $name/$interface/HP0_DDR_LOWOCM $name/$interface }
        *:axi_dma:* { dict set found $name/$interface/Reg $name/$interface }
        *:smartconnect:* {}
        default { dict set found $name/$interface/reg0 $name/$interface }
      }
    }
  }
  return $found
}
stub::command get_bd_addr_spaces {} {1 1 any} {
  if {![dict exists [spaces] [lindex $objects 0]]} { fail "get_bd_addr_spaces: no space '[lindex $objects 0]'" }
  return [object [lindex $objects 0] space]
}
stub::command get_bd_addr_segs {} {1 1 any} {
  if {![dict exists [segments] [lindex $objects 0]]} { fail "get_bd_addr_segs: no segment '[lindex $objects 0]'" }
  return [object [lindex $objects 0] segment]
}

# Slave interfaces that a master interface reaches.
proc stub::reached {master} {
  variable links; variable cells
  if {![dict exists $links $master]} { return {} }
  set slave [dict get $links $master]
  set cell [lindex [split $slave /] 0]
  if {![string match *:smartconnect:* [dict get $cells /$cell]]} { return [list $slave] }
  set found {}
  foreach entry [interfaces /$cell] {
    if {[lindex $entry 1] eq "M"} { lappend found {*}[reached $cell/[lindex $entry 0]] }
  }
  return $found
}
stub::command assign_bd_address {-target_address_space object:space -offset integer -range integer
  -force flag} {1 1 object:segment} {
  variable addresses
  set segment [lindex $objects 0]
  set space [dict get $opt -target_address_space]
  if {[dict get [segments] $segment] ni [reached [dict get [spaces] $space]]} {
    fail "assign_bd_address: '$space' does not reach '$segment'"
  }
  # Without -offset the segment's own: that of the memory of a Zynq-7000.
  set offset [expr {[dict exists $opt -offset] ? [dict get $opt -offset] : 0}]
  set range [expr {[dict exists $opt -range] ? [dict get $opt -range] : 0x40000000}]
  if {$range < 4096 || $range & ($range - 1)} { fail "assign_bd_address: range $range is no power of two from 4096" }
  if {$offset % $range} { fail "assign_bd_address: offset [format 0x%08X $offset] is no multiple of its range" }
  if {[string match ps7/Data $space] && ($offset < 0x40000000 || $offset + $range > 0x80000000)} {
    fail "assign_bd_address: [format 0x%08X $offset] is outside of M_AXI_GP0 (0x40000000 to 0x7FFFFFFF)"
  }
  foreach other $addresses {
    lassign $other otherSpace otherSegment otherOffset otherRange
    if {$otherSpace eq $space && $offset < $otherOffset + $otherRange && $otherOffset < $offset + $range} {
      fail "assign_bd_address: '$segment' overlaps '$otherSegment'"
    }
  }
  lappend addresses [list $space $segment $offset $range]
}

# Bytes of a stream at an interface, "" where nothing is known.
proc stub::stream_bytes {path} {
  variable cells; variable config; variable catalogue
  lassign [split $path /] cell name
  set vlnv [dict get $cells /$cell]
  switch -- $name {
    M_AXIS_MM2S { return [expr {[dict get $config /$cell c_m_axis_mm2s_tdata_width] / 8}] }
    S_AXIS_S2MM { return [expr {[dict get $config /$cell c_s_axis_s2mm_tdata_width] / 8}] }
    S_AXIS { return [dict get $config /$cell S_TDATA_NUM_BYTES] }
    M_AXIS { return [dict get $config /$cell M_TDATA_NUM_BYTES] }
  }
  set bits [lindex [dict get $catalogue $vlnv ports ${name}_tdata] 1]
  if {$bits % 8} { fail "$path: tdata has $bits bits, no whole bytes" }
  return [expr {$bits / 8}]
}

stub::command validate_bd_design {-force flag} {0 0 any} {
  variable cells; variable config; variable nets; variable links; variable addresses
  dict for {cell vlnv} $cells {
    set name [string trimleft $cell /]
    foreach entry [pins $cell] {
      lassign $entry pin direction type
      if {$direction eq "I" && $type in {clk rst intr required} && ![dict exists $nets $name/$pin]} {
        fail "validate_bd_design: $name/$pin ($type) is not connected"
      }
    }
    foreach entry [interfaces $cell] {
      lassign $entry interface mode protocol clock
      if {$protocol ni {aximm axis}} { continue }
      set path $name/$interface
      if {![dict exists $links $path]} { fail "validate_bd_design: $path is not connected" }
      set other [dict get $links $path]
      set otherClock [lindex [entry $other interfaces interface] 3]
      set clocks [list [dict get $nets $name/$clock] [dict get $nets [lindex [split $other /] 0]/$otherClock]]
      if {[lindex $clocks 0] ne [lindex $clocks 1]} {
        fail "validate_bd_design: $path and $other have different clocks ($clocks)"
      }
      if {$protocol eq "axis" && [stream_bytes $path] != [stream_bytes $other]} {
        fail "validate_bd_design: $path has [stream_bytes $path] bytes, $other has [stream_bytes $other]"
      }
    }
    switch -glob -- $vlnv {
      *:axi_dma:* {
        foreach {memory stream} {c_m_axi_mm2s_data_width c_m_axis_mm2s_tdata_width
                                 c_m_axi_s2mm_data_width c_s_axis_s2mm_tdata_width} {
          if {[dict get $config $cell $memory] < [dict get $config $cell $stream]} {
            fail "validate_bd_design: $name: $memory is less than $stream"
          }
        }
      }
      *:axis_dwidth_converter:* {
        set a [dict get $config $cell S_TDATA_NUM_BYTES]
        set b [dict get $config $cell M_TDATA_NUM_BYTES]
        set multiple $a
        while {$multiple % $b} { incr multiple $a }
        if {$multiple > 512} { fail "validate_bd_design: $name: $a and $b bytes have the multiple $multiple, more than 512" }
        if {![dict get $config $cell HAS_TLAST]} { fail "validate_bd_design: $name has no TLAST" }
      }
    }
  }
  foreach {space master} [spaces] {
    foreach slave [reached $master] {
      set found 0
      foreach address $addresses {
        lassign $address otherSpace segment
        if {$otherSpace eq $space && [dict get [segments] $segment] eq $slave} { set found 1 }
      }
      if {!$found} { fail "validate_bd_design: $slave has no address in $space" }
    }
  }
  variable validated 1
}
stub::command regenerate_bd_layout {} {0 0 any} {}
stub::command save_bd_design {} {0 0 any} {
  variable bd; variable project_folder
  set path [file join $project_folder $bd.bd]
  close [open $path w]
  add $path
}
stub::command make_wrapper {-files object:file -top flag -import flag -force flag} {0 0 any} {
  variable bd; variable project_folder; variable validated
  if {![info exists validated]} { fail "make_wrapper: the design is not validated" }
  set path [file join $project_folder ${bd}_wrapper.v]
  set file [open $path w]
  puts $file "module ${bd}_wrapper ();\nendmodule"
  close $file
  return $path
}
stub::command generate_target {-force flag} {2 2 any} {}
stub::command launch_runs {-to_step =write_bitstream|route_design -jobs integer} {1 1 =impl_1|synth_1} {
  variable project_folder
  object impl_1 run
  set folder [file join $project_folder system.runs impl_1]
  file mkdir $folder
  close [open [file join $folder system_wrapper.bit] w]
  set ::stub::property(impl_1,DIRECTORY) $folder
  set handoff [file join $project_folder system.gen sources_1 bd system hw_handoff]
  file mkdir $handoff
  close [open [file join $handoff system.hwh] w]
}
stub::command wait_on_run {-timeout integer} {1 1 object:run} {}
stub::command wait_on_runs {-timeout integer} {1 1 object:run} {}
stub::command get_runs {} {1 1 object:run} { return $objects }
stub::command write_hw_platform {-fixed flag -include_bit flag -force flag -file newfile} {0 1 newfile} {
  set path [expr {[dict exists $opt -file] ? [dict get $opt -file] : [lindex $objects 0]}]
  close [open $path w]
}
