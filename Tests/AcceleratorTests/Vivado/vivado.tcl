# SPDX-License-Identifier: Apache-2.0
#
# Runs a script as `vivado -mode batch -source SCRIPT -tclargs ARGUMENT ...` would, with the stand-ins:
#
#   tclsh vivado.tcl SCRIPT ARGUMENT ...
#
# STUB_BOARDS lists the board parts that are installed, STUB_SLACK is the slack of every path, and
# STUB_LOG a file for the commands that were run.

source [file join [file dirname [file normalize [info script]]] vivado_stub.tcl]
if {[info exists env(STUB_BOARDS)]} { set stub::boards $env(STUB_BOARDS) }
if {[info exists env(STUB_SLACK)]} { set stub::slack $env(STUB_SLACK) }

set argv [lassign $argv script]
set failed [catch { source $script } message]
if {[info exists env(STUB_LOG)]} {
  set file [open $env(STUB_LOG) w]
  puts $file [join $stub::log \n]
  close $file
}
if {$failed} {
  puts stderr $message
  exit 1
}
