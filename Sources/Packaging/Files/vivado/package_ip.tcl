# SPDX-License-Identifier: Apache-2.0
#
# Packages the accelerator as an IP core (IP-XACT) that Vivado's catalogue lists and that
# block_design.tcl places.
#
#   vivado -mode batch -source vivado/package_ip.tcl [-tclargs [-output DIR] [-force]]
#
# The core is resbin:accelerator:<module>:<version>: AXI4-Lite slave s_axil (4 KiB, registers
# described), AXI4-Stream slave s_axis and master m_axis, one clock aclk, reset aresetn, a level
# interrupt (the port that design.tcl names). Verilog and memory images are copied into it.

source [file join [file dirname [file normalize [info script]]] support.tcl]

# A bus interface of the core; it is inferred from the names of the ports where the packager has
# not done so by itself.
proc resbin::bus_interface {core name type} {
  set found [ipx::get_bus_interfaces $name -of_objects $core]
  if {[llength $found] == 0} {
    ipx::infer_bus_interfaces $type $core
    set found [ipx::get_bus_interfaces $name -of_objects $core]
  }
  if {[llength $found] != 1} {
    fail "no interface '$name' ($type) was found at the ports of the module"
  }
  return $found
}

# The same for a single port that is an interface of its own: clock, reset, interrupt.
proc resbin::signal_interface {core port type} {
  set found [ipx::get_bus_interfaces $port -of_objects $core]
  if {[llength $found] == 0} {
    ipx::infer_bus_interface $port $type $core
    set found [ipx::get_bus_interfaces $port -of_objects $core]
  }
  if {[llength $found] != 1} { fail "port '$port' could not be made a $type" }
  return $found
}

proc resbin::set_parameter {interface name value} {
  set parameter [ipx::get_bus_parameters $name -of_objects $interface]
  if {[llength $parameter] == 0} { set parameter [ipx::add_bus_parameter $name $interface] }
  set_property value $value $parameter
}

proc resbin::describe_registers {core interface registers} {
  set map [ipx::get_memory_maps s_axil -of_objects $core]
  if {[llength $map] == 0} { set map [ipx::add_memory_map s_axil $core] }
  set_property slave_memory_map_ref s_axil $interface
  set block [ipx::get_address_blocks reg0 -of_objects $map]
  if {[llength $block] == 0} { set block [ipx::add_address_block reg0 $map] }
  set_property range 4096 $block
  set_property width 32 $block
  set_property usage register $block
  foreach register $registers {
    lassign $register name offset access description fields
    set object [ipx::add_register $name $block]
    set_property address_offset $offset $object
    set_property size 32 $object
    set_property access $access $object
    set_property description $description $object
    foreach field $fields {
      lassign $field name bit width access description
      set object_field [ipx::add_field $name $object]
      set_property bit_offset $bit $object_field
      set_property bit_width $width $object_field
      set_property access $access $object_field
      set_property description $description $object_field
    }
  }
}

proc resbin::package_ip {} {
  variable folder
  set design [design]
  set defaults [dict create output [file join $folder build ip]]
  set options [options [arguments] $defaults {force}]
  set output [output [dict get $options output] [dict get $options force]]
  file delete -force $output
  set module [dict get $design module]
  set project [file join $output project]

  create_project -force package $project -part [dict get $design part]
  add_files -norecurse -fileset sources_1 [dict get $design verilog]
  # $readmemh finds the images by name: they become sources of the core like the Verilog.
  if {[llength [dict get $design memories]] > 0} {
    add_files -norecurse -fileset sources_1 [dict get $design memories]
  }
  set clock [file join $project ooc_clock.xdc]
  write_clock $clock [dict get $design clock]
  set constraints [list [file join $folder vivado constraints.xdc] $clock]
  add_files -norecurse -fileset constrs_1 $constraints
  set_property USED_IN {synthesis implementation out_of_context} [get_files $constraints]
  set_property top $module [get_filesets sources_1]
  update_compile_order -fileset sources_1

  ipx::package_project -root_dir [file join $output $module] -vendor resbin -library accelerator \
    -taxonomy /UserIP -import_files -force
  set core [ipx::current_core]
  lassign [split [vlnv $design] :] vendor library name version
  set_property name $name $core
  set_property version $version $core
  set_property display_name "ResBin [dict get $design name]" $core
  set_property description \
    "Residual binary network [dict get $design name], hash [dict get $design hash]" $core
  set_property supported_families {zynq Production kintex7 Production virtex7 Production \
    artix7 Production} $core

  set control [bus_interface $core s_axil xilinx.com:interface:aximm_rtl:1.0]
  bus_interface $core s_axis xilinx.com:interface:axis_rtl:1.0
  bus_interface $core m_axis xilinx.com:interface:axis_rtl:1.0
  signal_interface $core aclk xilinx.com:signal:clock_rtl:1.0
  set reset [signal_interface $core aresetn xilinx.com:signal:reset_rtl:1.0]
  set interrupt [signal_interface $core [dict get $design interrupt] xilinx.com:signal:interrupt_rtl:1.0]
  set_parameter $reset POLARITY ACTIVE_LOW
  set_parameter $interrupt SENSITIVITY LEVEL_HIGH
  foreach interface {s_axil s_axis m_axis} {
    ipx::associate_bus_interfaces -busif $interface -clock aclk $core
  }
  ipx::associate_bus_interfaces -clock aclk -reset aresetn $core
  describe_registers $core $control [dict get $design registers]

  ipx::create_xgui_files $core
  ipx::update_checksums $core
  ipx::check_integrity $core
  ipx::save_core $core
  close_project
  file delete -force $project
  note "[vlnv $design] is in $output: add it to ip_repo_paths"
}

resbin::package_ip
