# SPDX-License-Identifier: Apache-2.0
#
# Synthesises the accelerator for Xilinx 7-series devices with Yosys and counts what it takes. Run it in
# the design folder:
#
#   yosys -c yosys/synthesize_yosys.tcl
#
# RESBIN_TOP names another module than the one with AXI ports, such as the bare pipeline. Writes
# build/yosys/<module>.json, .stat and .sta, and the longest path in build/yosys/timing.txt, which `resbin
# report` shows. Verilog and memory images are those of vivado/design.tcl.

yosys -import

set folder [file dirname [file dirname [file normalize [info script]]]]
if {![file exists [file join $folder vivado design.tcl]]} {
  puts stderr "resbin: error: [file join $folder vivado design.tcl] is missing"
  puts stderr "  hint: run 'resbin generate' again and keep its folders together"
  exit 1
}
source [file join $folder vivado design.tcl]
set module [dict get $design module]
if {[info exists env(RESBIN_TOP)]} { set module $env(RESBIN_TOP) }
set output [file join $folder build yosys]
file mkdir $output

# Memory images are found beside the Verilog.
foreach path [dict get $design verilog] { yosys read_verilog [file join $folder $path] }
yosys hierarchy -check -top $module
yosys proc
# Yosys 0.23 loses part of a sum where a matrix unit multiplies, unless these wires are kept.
yosys setattr -set keep 1 w:totals_q
yosys synth_xilinx -family xc7 -flatten -noiopad -top $module
yosys check
yosys write_json [file join $output $module.json]
yosys tee -o [file join $output $module.stat] stat

# The longest path between registers, through cells alone: wires often take as long again. The delays are
# those of Yosys' library, for an Artix-7.
yosys setattr -mod -unset keep_hierarchy
yosys setattr -unset keep_hierarchy
yosys flatten
yosys read_verilog -lib -specify -overwrite +/xilinx/cells_sim.v
yosys clean
yosys tee -q -o [file join $output $module.sta] sta

set file [open [file join $output $module.sta]]
set report [read $file]
close $file
if {[regexp {is (\d+):} $report -> picoseconds]} {
  set path [lindex [split [string map {"Arrival histogram" \x01} $report] \x01] 0]
  set cells {}
  foreach {all cell} [regexp -all -inline {\((\w+)\.\w+(?:\[\d+\])?(?:->\w+)?\)} $path] {
    if {$cell ne "BUFG"} { set cells [linsert $cells 0 $cell] }
  }
  # A LUT is a level, or a read of memory in LUTs, and so is a carry chain, whatever its length.
  set levels 0
  set before ""
  foreach cell $cells {
    if {[regexp {^(LUT|RAM\d|CARRY4)} $cell] && !($cell eq "CARRY4" && $before eq "CARRY4")} { incr levels }
    set before $cell
  }
  set nanoseconds [format %.2f [expr {$picoseconds / 1000.0}]]
  puts "longest path: $nanoseconds ns in cells, $levels levels, without wires: [join $cells ", "]"
  set file [open [file join $output timing.txt] w]
  puts $file "design [dict get $design hash]"
  puts $file "module $module"
  puts $file "nanoseconds $nanoseconds"
  puts $file "levels $levels"
  puts $file "cells [join $cells " "]"
  close $file
}
