# SPDX-License-Identifier: Apache-2.0
#
# Runs the Vivado scripts of a design folder against the stand-ins of vivado_stub.tcl, then breaks
# them in many ways and looks whether each is found. Not a run of Vivado.
#
#   tclsh run.tcl DESIGN
#
# DESIGN is a folder that `resbin generate` wrote. The scripts run on a copy of it, and are broken in
# folders that are made up from its design.tcl.

if {[llength $argv] == 0} { puts stderr "usage: tclsh run.tcl DESIGN"; exit 1 }
set here [file dirname [file normalize [info script]]]
set source [file normalize [lindex $argv 0]]
if {![file exists [file join $source vivado design.tcl]]} { puts stderr "no vivado/design.tcl in $source"; exit 1 }
set files [file normalize [file join $here .. .. .. Sources Packaging Files vivado]]
set work [file join [expr {[info exists env(TMPDIR)] ? $env(TMPDIR) : "/tmp"}] resbin-vivado-[pid]]
set count 0
set failures 0

proc write {path text} {
  file mkdir [file dirname $path]
  set file [open $path w]
  puts -nonewline $file $text
  close $file
}
proc slurp {path} {
  if {![file exists $path]} { return "" }
  set file [open $path]
  set text [read $file]
  close $file
  return $text
}

# The ports of a wrapper: what the packager sees of it.
proc wrapper {module inputBytes outputBytes} {
  set ports {}
  foreach {name direction bits} [list aclk input 1 aresetn input 1 \
      s_axil_awaddr input 12 s_axil_awprot input 3 s_axil_awvalid input 1 s_axil_awready output 1 \
      s_axil_wdata input 32 s_axil_wstrb input 4 s_axil_wvalid input 1 s_axil_wready output 1 \
      s_axil_bresp output 2 s_axil_bvalid output 1 s_axil_bready input 1 \
      s_axil_araddr input 12 s_axil_arprot input 3 s_axil_arvalid input 1 s_axil_arready output 1 \
      s_axil_rdata output 32 s_axil_rresp output 2 s_axil_rvalid output 1 s_axil_rready input 1 \
      s_axis_tdata input [expr {8 * $inputBytes}] s_axis_tvalid input 1 s_axis_tready output 1 \
      s_axis_tlast input 1 m_axis_tdata output [expr {8 * $outputBytes}] m_axis_tvalid output 1 \
      m_axis_tready input 1 m_axis_tlast output 1 irq output 1] {
    set range [expr {$bits == 1 ? "" : "\[[expr {$bits - 1}]:0\] "}]
    lappend ports "  $direction wire $range$name"
  }
  return "module $module (\n[join $ports ",\n"]\n);\nendmodule\n"
}

# A design folder in `folder`; `changes` replaces keys of design.tcl.
proc make_design {folder {changes {}}} {
  global source files
  file delete -force $folder
  file mkdir [file join $folder vivado]
  foreach path [glob [file join $files *]] { file copy $path [file join $folder vivado] }
  source [file join $source vivado design.tcl]
  # A width that needs a converter, and one that needs none.
  set design [dict merge $design {inputBytes 7 outputBytes 4} $changes]
  write [file join $folder vivado design.tcl] "set design {$design}\n"
  set top [dict get $design top]
  set module [dict get $design module]
  foreach path [dict get $design verilog] {
    set name [file rootname [file tail $path]]
    set text "module $name ();\nendmodule\n"
    if {$name eq $module} { set text [wrapper $module [dict get $design inputBytes] [dict get $design outputBytes]] }
    if {$name eq $top} {
      foreach image [dict get $design memories] { append text "// reads \"[file tail $image]\"\n" }
    }
    write [file join $folder $path] $text
  }
  foreach path [dict get $design memories] { write [file join $folder $path] "0\n" }
}

proc vivado {folder script arguments {environment {}}} {
  global here
  set environment [dict merge {STUB_BOARDS xilinx.com:zc706:part0:1.4 STUB_LOG /dev/null} $environment]
  set assignments {}
  dict for {name value} $environment { lappend assignments $name=$value }
  set code [catch {
    exec env {*}$assignments [info nameofexecutable] [file join $here vivado.tcl] \
      [file join $folder vivado $script] {*}$arguments 2>@1
  } output]
  return [list $code $output]
}

proc report {name ok detail} {
  global count failures
  incr count
  if {$ok} {
    puts "ok       $name"
  } else {
    incr failures
    puts "FAILED   $name\n         [string map {\n "\n         "} $detail]"
  }
}

# The script runs, and says what is expected.
proc passes {name folder script arguments {pattern *} {environment {}}} {
  lassign [vivado $folder $script $arguments $environment] code output
  report $name [expr {$code == 0 && [string match $pattern $output]}] $output
}

# The script fails, with a message that is expected.
proc fails {name folder script arguments pattern {environment {}}} {
  lassign [vivado $folder $script $arguments $environment] code output
  report $name [expr {$code != 0 && [string match $pattern* $output]}] "exit code $code: $output"
}

# A change of one script's text is found.
proc breaks {name script from to pattern {arguments {}} {changes {}}} {
  global work
  set folder [file join $work broken]
  make_design $folder $changes
  if {$script eq "block_design.tcl"} { vivado $folder package_ip.tcl {} }
  set path [file join $folder vivado $script]
  set text [slurp $path]
  if {[string first $from $text] < 0} {
    report $name 0 "'$from' is not in $script"
    return
  }
  write $path [string map [list $from $to] $text]
  fails $name $folder $script $arguments $pattern
}

# ---- They run -------------------------------------------------------------------------------

set design [file join $work design]
file mkdir $work
file copy $source $design
file delete -force [file join $design build]
set log [file join $work log]

passes "synthesize" $design synthesize.tcl {} "*synthesis: slack 0.125 ns at 200 MHz*"
passes "synthesize and implement" $design synthesize.tcl {-force -implement} "*implementation: slack*"
passes "synthesize the bare pipeline" $design synthesize.tcl {-force -bare} "*synthesis: slack*"
passes "synthesize for another part and clock" $design synthesize.tcl \
  {-force -part xc7z020clg400-1 -clock 100} "*xc7z020clg400-1, synthesis*100 MHz*"
passes "package the core" $design package_ip.tcl {} "*resbin:accelerator:*add it to ip_repo_paths*"
passes "package it again" $design package_ip.tcl {-force} "*ip_repo_paths*"
passes "block design" $design block_design.tcl {} \
  "*accelerator 0x43C00000, 4 KiB*dma         0x40400000, 64 KiB*" [list STUB_LOG $log]
set addresses [regexp -all -inline -line {^assign_bd_address .*$} [slurp $log]]
report "four addresses are assigned" [expr {[llength $addresses] == 4}] $addresses
passes "block design again, to the bitstream" $design block_design.tcl {-force -build} "*project*"
foreach ending {bit hwh xsa} {
  report "there is a .$ending" [expr {[llength [glob -nocomplain $design/build/system/*.$ending]] == 1}] ""
}
passes "without board files: preset" $design block_design.tcl {-force} "*preset ZC706*" {STUB_BOARDS ""}

# Widths: powers of two take no converter, others do, and both sides agree.
foreach {bytes converters} {1 0 2 0 3 1 4 0 7 1 16 0 49 1 128 0 130 1 147 1 256 1 511 1 512 1} {
  foreach {key other name} {inputBytes outputBytes input outputBytes inputBytes output} {
    set folder [file join $work width]
    make_design $folder [list $key $bytes $other 4]
    vivado $folder package_ip.tcl {}
    lassign [vivado $folder block_design.tcl {} [list STUB_LOG $log]] code output
    set cells [regexp -all {axis_dwidth_converter} [slurp $log]]
    report "$name of $bytes bytes" [expr {$code == 0 && $cells == $converters}] "$cells converters; $output"
  }
}

# ---- Errors of the user ---------------------------------------------------------------------

fails "output is there" $design synthesize.tcl {} "*is there already*-force*"
fails "unknown option" $design synthesize.tcl {-forse} "*unknown option '-forse'*-force*"
fails "option without value" $design synthesize.tcl {-output} "*needs a value*"
fails "timing not met" $design synthesize.tcl {-force -implement} "*200 MHz is not met: slack is -0.3 ns*" {STUB_SLACK -0.3}
fails "timing of the system not met" $design block_design.tcl {-force -build} "*timing is not met*" {STUB_SLACK -0.3}
fails "too fast a clock" $design block_design.tcl {-force -clock 300} "*0.1 to 250 MHz, not '300'*"
fails "no core" $design block_design.tcl [list -force -ip $work/nowhere] "*no IP core in*package_ip.tcl first*"
fails "no board, no preset" $design block_design.tcl {-force -preset ""} "*there is no preset*" {STUB_BOARDS ""}
set folder [file join $work user]
make_design $folder {inputBytes 784}
vivado $folder package_ip.tcl {}
fails "too wide an input" $folder block_design.tcl {} "*784 bytes a beat*512 at most*first layer*"
make_design $folder
set memory [lindex [lsort [glob [file join $folder rtl *.mem]]] 0]
file delete $memory
fails "missing memory image" $folder synthesize.tcl {} "*[file tail $memory] is missing*"
make_design $folder
file delete [file join $folder rtl rb_stream_register.v]
fails "missing Verilog" $folder package_ip.tcl {} "*rb_stream_register.v is missing*"
make_design $folder
file delete [file join $folder vivado design.tcl]
fails "missing design.tcl" $folder block_design.tcl {} "*design.tcl is missing*resbin generate*"
make_design $folder {format 2}
fails "another format" $folder block_design.tcl {} "*has format 2*"
make_design $folder
vivado $folder package_ip.tcl {}
set text [slurp $folder/vivado/design.tcl]
write $folder/vivado/design.tcl [regsub {version\s+\S+} $text {version 2.0}]
fails "core of another version" $folder block_design.tcl {} "*is not resbin:accelerator:*:2.0*"
write $folder/vivado/design.tcl [regsub {(hash\s+)\S{8}} $text {\10123abcd}]
fails "core of another design" $folder block_design.tcl {-force} "*another design than hash 0123abcd*"

# ---- Errors in the scripts: the stand-ins can fail ----------------------------------------------

breaks "typo in a command" synthesize.tcl {read_verilog } {read_verilg } "synthesize.tcl:*unknown command 'read_verilg'"
breaks "typo in an option" synthesize.tcl {-flatten_hierarchy} {-flaten_hierarchy} "synthesize.tcl:*unknown option '-flaten_hierarchy'"
breaks "bad value of an option" synthesize.tcl {-mode out_of_context -flatten} {-mode outofcontext -flatten} "synthesize.tcl:*not one of*"
breaks "unknown property" synthesize.tcl {get_property SLACK} {get_property SLAK} "synthesize.tcl:*no property 'SLAK'"
breaks "memories not read" synthesize.tcl {read_mem [dict get $design memories]} {} "synthesize.tcl:*reads '*.mem', which is no source*"
breaks "wrong top" synthesize.tcl {-top $top} {-top top} "synthesize.tcl:*no module 'top'"
breaks "missing constraints" synthesize.tcl {vivado constraints.xdc} {vivado constraint.xdc} "synthesize.tcl:*constraint.xdc' does not exist"
breaks "steps in the wrong order" synthesize.tcl "  synth_design" "  opt_design\n  synth_design" "synthesize.tcl:*no design is open*"
breaks "interface without clock" package_ip.tcl {{s_axil s_axis m_axis}} {{s_axil s_axis}} "package_ip.tcl:*interface m_axis has no clock"
breaks "wrong clock" package_ip.tcl {$interface -clock aclk} {$interface -clock clk} "package_ip.tcl:*'clk' is no interface"
breaks "no port" package_ip.tcl {[dict get $design interrupt] xilinx} {irk xilinx} "package_ip.tcl:*no port 'irk'"
breaks "no integrity check" package_ip.tcl {ipx::check_integrity $core} {} "package_ip.tcl:*integrity was not checked"
breaks "bad register access" package_ip.tcl {set_property access $access $object
} {set_property access rw $object
} "package_ip.tcl:*access is 'rw'*"
breaks "no top" package_ip.tcl {set_property top $module [get_filesets sources_1]} {} "package_ip.tcl:*no top module"
make_design $folder
write $folder/vivado/design.tcl [string map {{VERSION 0x004} {VERSION 0x000}} [slurp $folder/vivado/design.tcl]]
fails "registers at one offset" $folder package_ip.tcl {} "*register VERSION: there is one at 0"

breaks "no catalogue" block_design.tcl {update_ip_catalog -rebuild} {} "*is not resbin:accelerator*"
foreach {name from to pattern} {
  "unknown core" {axi_dma:7.1} {axi_dma:6.0} "*no IP 'xilinx.com:ip:axi_dma:6.0'*"
  "unknown parameter" {CONFIG.c_include_sg} {CONFIG.c_incl_sg} "*no parameter 'c_incl_sg'*"
  "value out of range" {c_sg_length_width 26} {c_sg_length_width 27} "*expected 8 to 26*"
  "scatter/gather left in" {CONFIG.c_include_sg 0} {CONFIG.c_include_sg 1} "*is not connected*"
  "unconnected clock" {accelerator/aclk } {} "*accelerator/aclk (clk) is not connected*"
  "unconnected reset" {accelerator/aresetn } {} "*accelerator/aresetn (rst) is not connected*"
  "unconnected interrupt" {connect accelerator/[dict get $design interrupt] interrupts/In2} {} "*interrupts/In2*not connected*"
  "typo in a pin" {dma/axi_resetn} {dma/axi_resetN} "*has no pin 'axi_resetN'*"
  "typo in an interface" {dma/S_AXI_LITE} {dma/S_AXILITE} "*has no interface 'S_AXILITE'*"
  "clock on a reset" {connect reset/peripheral_aresetn} {connect ps7/FCLK_CLK0} "*does not fit*"
  "unconnected stream" {connect_interface $source dma/S_AXIS_S2MM} {} "*is not connected*"
  "slave without address" {-offset $dmaAddress -range $dmaRange [get_bd_addr_segs dma/S_AXI_LITE/Reg]} {\
      -offset $dmaAddress -range $dmaRange [get_bd_addr_segs accelerator/s_axil/reg0]} "*dma/S_AXI_LITE has no address*"
  "memory without address" {{dma/Data_MM2S dma/Data_S2MM}} {{dma/Data_MM2S}} "*has no address in dma/Data_S2MM*"
  "addresses overlap" {dmaAddress 0x40400000} {dmaAddress 0x43C00000} "*overlaps*"
  "address not aligned" {dmaAddress 0x40400000} {dmaAddress 0x40401000} "*no multiple of its range*"
  "address outside of the port" {dmaAddress 0x40400000} {dmaAddress 0x80400000} "*outside of M_AXI_GP0*"
  "no converter" {if {$mm2sBytes != $inputBytes}} {if {0}} "*has 7 bytes, *has 8*"
  "converter of wrong width" {input_width $mm2sBytes $inputBytes} {input_width $mm2sBytes 5} "*has 7 bytes*has 5*"
  "converter without reset" {connect $reset $name/aresetn} {} "*input_width/aresetn (rst) is not connected*"
  "connected twice" {connect interrupts/dout ps7/IRQ_F2P} {connect interrupts/dout ps7/IRQ_F2P
    connect dma/mm2s_introut ps7/IRQ_F2P} "*is connected*"
  "not validated" {    validate_bd_design
} {} "*not validated*"
    "bad automation" {make_external} {makeexternal} "*unknown key 'makeexternal'*"
} {
  breaks $name block_design.tcl $from $to "*block_design.tcl:*$pattern"
}

if {[lindex $argv 1] ne "-keep"} { file delete -force $work }
puts "$count checks, $failures failed"
exit [expr {$failures > 0}]
