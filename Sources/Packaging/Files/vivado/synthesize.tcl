# SPDX-License-Identifier: Apache-2.0
#
# Synthesises the accelerator out of context, and places and routes it on request: how large, how
# fast. No pins, no processor.
#
#   vivado -mode batch -source vivado/synthesize.tcl [-tclargs [-output DIR] [-force] [-implement]
#          [-part PART] [-clock MHZ] [-bare]]
#
# -bare takes the pipeline without its AXI wrapper. Writes utilization.rpt, timing.rpt and a
# checkpoint for each step. Ends with an error when the clock is not met after routing.

source [file join [file dirname [file normalize [info script]]] support.tcl]

proc resbin::report {folder step} {
  write_checkpoint -force [file join $folder $step.dcp]
  report_utilization -hierarchical -file [file join $folder ${step}_utilization.rpt]
  report_timing_summary -max_paths 10 -file [file join $folder ${step}_timing.rpt]
  set path [get_timing_paths -max_paths 1 -nworst 1 -setup]
  if {[llength $path] == 0} { fail "no timing path has a clock" }
  return [get_property SLACK $path]
}

proc resbin::synthesize {} {
  variable folder
  set design [design]
  set defaults [dict create output [file join $folder build synthesis] \
    part [dict get $design part] clock [dict get $design clock]]
  set options [options [arguments] $defaults {force implement bare}]
  dict with options {}
  set output [output $output $force]
  file delete -force $output
  file mkdir $output
  set top [dict get $design [expr {$bare ? "top" : "module"}]]
  set clockPort [expr {$bare ? "clk_i" : "aclk"}]

  create_project -in_memory -part $part
  read_verilog [dict get $design verilog]
  if {[llength [dict get $design memories]] > 0} { read_mem [dict get $design memories] }
  if {$bare} {
    set file [open [file join $output clock.xdc] w]
    puts $file "create_clock -name $clockPort -period [period $clock] \[get_ports $clockPort\]"
    close $file
  } else {
    write_clock [file join $output clock.xdc] $clock
    read_xdc -mode out_of_context [file join $folder vivado constraints.xdc]
  }
  read_xdc -mode out_of_context [file join $output clock.xdc]

  synth_design -top $top -part $part -mode out_of_context -flatten_hierarchy rebuilt
  set slack [report $output synthesis]
  note "$top on $part, synthesis: slack $slack ns at $clock MHz"
  if {!$implement} { return }

  opt_design
  place_design
  phys_opt_design
  route_design
  set slack [report $output implementation]
  report_power -file [file join $output implementation_power.rpt]
  note "$top on $part, implementation: slack $slack ns at $clock MHz"
  if {$slack < 0} {
    fail "$clock MHz is not met: slack is $slack ns" "ask for less with -clock"
  }
}

resbin::synthesize
