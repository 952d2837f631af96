# SPDX-License-Identifier: Apache-2.0
#
# What the other scripts of this folder share: options, the design's description, errors.
#
# design.tcl, generated beside this file, sets one dictionary `design`; keys are checked here, so
# that a wrong one is an error in words and not one of Vivado's later on.

namespace eval resbin {
  variable folder [file dirname [file dirname [file normalize [info script]]]]

  # Vivado ends with code 1 when a script that it was started with ends with an error.
  proc fail {message {hint ""}} {
    set text "resbin: error: $message"
    if {$hint ne ""} { append text "\n  hint: $hint" }
    return -code error -level 2 $text
  }

  proc note {message} { puts "resbin: $message" }

  # Values of `-name value` for each name in `defaults`, and 0 or 1 for each name in `flags`.
  proc options {arguments defaults {flags {}}} {
    set values $defaults
    foreach flag $flags { dict set values $flag 0 }
    while {[llength $arguments] > 0} {
      set arguments [lassign $arguments option]
      set name [string range $option 1 end]
      if {![string match -* $option] || ![dict exists $values $name]} {
        set known [lmap key [dict keys $values] { string cat - $key }]
        fail "unknown option '$option'" "known are [join $known {, }]"
      }
      if {$name in $flags} {
        dict set values $name 1
        continue
      }
      if {[llength $arguments] == 0} { fail "option '$option' needs a value" }
      set arguments [lassign $arguments value]
      dict set values $name $value
    }
    return $values
  }

  # The arguments after -tclargs.
  proc arguments {} { expr {[info exists ::argv] ? $::argv : {}} }

  # The dictionary of design.tcl, with absolute paths.
  proc design {} {
    variable folder
    set path [file join $folder vivado design.tcl]
    if {![file exists $path]} {
      fail "$path is missing" "run 'resbin generate' again and keep its folders together"
    }
    set design {}
    source $path
    foreach key {
      format name top module version hash part board preset clock verilog memories
      inputBytes inputBeats outputBytes outputBeats interrupt registers
    } {
      if {![dict exists $design $key]} { fail "$path has no key '$key'" "generate the design again" }
    }
    if {[dict get $design format] != 1} {
      fail "$path has format [dict get $design format]; these scripts read format 1"
    }
    foreach key {verilog memories} {
      set paths {}
      foreach relative [dict get $design $key] {
        set absolute [file join $folder $relative]
        if {![file exists $absolute]} {
          fail "$absolute is missing" "run 'resbin generate' again and keep its folders together"
        }
        lappend paths $absolute
      }
      dict set design $key $paths
    }
    return $design
  }

  # A folder that is there already is only overwritten when asked to.
  proc output {path force} {
    set path [file normalize $path]
    if {[file exists $path] && !$force} {
      fail "$path is there already" "add -force to replace it, or choose another with -output"
    }
    return $path
  }

  proc period {megahertz} { format %.3f [expr {1000.0 / $megahertz}] }

  # The clock of the module alone; where it stands in a larger design that design has the clock.
  proc write_clock {path megahertz} {
    file mkdir [file dirname $path]
    set file [open $path w]
    puts $file "# SPDX-License-Identifier: Apache-2.0"
    puts $file "# $megahertz MHz, out of context only."
    puts $file "create_clock -name aclk -period [period $megahertz] \[get_ports aclk\]"
    close $file
  }

  proc vlnv {design} {
    return "resbin:accelerator:[dict get $design module]:[dict get $design version]"
  }
}
