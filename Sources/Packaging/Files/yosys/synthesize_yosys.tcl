# SPDX-License-Identifier: Apache-2.0
#
# Synthesises the accelerator for Xilinx 7-series devices with Yosys and counts what it takes. Run it in
# the design folder:
#
#   yosys -c yosys/synthesize_yosys.tcl
#
# RESBIN_TOP names another module than the one with AXI ports, such as the bare pipeline. Writes
# build/yosys/<module>.json and .stat. Verilog and memory images are those of vivado/design.tcl.

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
