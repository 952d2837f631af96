# SPDX-License-Identifier: Apache-2.0
#
# A whole system for a Zynq-7000 board: processor, AXI DMA in simple mode, the accelerator.
#
#   vivado -mode batch -source vivado/package_ip.tcl
#   vivado -mode batch -source vivado/block_design.tcl [-tclargs [-output DIR] [-force] [-ip DIR]
#          [-part PART] [-board BOARD_PART] [-preset NAME] [-clock MHZ] [-build] [-jobs N]]
#
# -build goes on to the bitstream and writes <top>.bit, .hwh and .xsa into the output folder.
# Where Vivado does not know the board, the processor takes -preset, and the project the part.
#
#                   FCLK_CLK0 clocks everything
#   ps7 M_AXI_GP0 -> control -> accelerator s_axil   0x43C00000, 4 KiB
#                            -> dma S_AXI_LITE       0x40400000, 64 KiB
#   ps7 S_AXI_HP0 <- memory <- dma M_AXI_MM2S, M_AXI_S2MM
#   dma M_AXIS_MM2S -> [input_width] -> accelerator s_axis
#   dma S_AXIS_S2MM <- [output_width] <- accelerator m_axis
#   ps7 IRQ_F2P[0] dma MM2S, [1] dma S2MM, [2] accelerator: GIC interrupts 61, 62, 63
#
# These addresses and interrupts are those of Docs/how-to/drive-it-from-c-and-python.md.

source [file join [file dirname [file normalize [info script]]] support.tcl]

namespace eval resbin {
  variable acceleratorAddress 0x43C00000
  variable acceleratorRange 0x1000
  variable dmaAddress 0x40400000
  variable dmaRange 0x10000

  proc gcd {a b} { expr {$b == 0 ? $a : [gcd $b [expr {$a % $b}]]} }

  # Bytes that the DMA moves a cycle for a stream of `bytes`. The DMA has powers of two up to 128;
  # other widths take an axis_dwidth_converter, of which both widths and their least common multiple
  # are at most 512. Behind one, 8 bytes are as much as a high-performance port gives.
  proc dma_bytes {stream bytes} {
    if {$bytes in {1 2 4 8 16 32 64 128}} { return $bytes }
    if {$bytes > 512} {
      fail "the $stream has $bytes bytes a beat; axis_dwidth_converter has 512 at most" \
        "generate with fewer lanes in the [expr {$stream eq {input} ? {first} : {last}}] layer"
    }
    foreach width {8 4 2 1} {
      if {$width * $bytes / [gcd $width $bytes] <= 512} { return $width }
    }
  }

  # Data width of the DMA's memory side, in bits: the port's, or the stream's where it is wider.
  proc memory_bits {bytes} { expr {max(64, 8 * $bytes)} }

  proc connect {source args} {
    foreach pin $args { connect_bd_net [get_bd_pins $source] [get_bd_pins $pin] }
  }

  proc connect_interface {master slave} {
    connect_bd_intf_net [get_bd_intf_pins $master] [get_bd_intf_pins $slave]
  }

  proc cell {name vlnv properties} {
    set cell [create_bd_cell -type ip -vlnv $vlnv $name]
    if {[dict size $properties] > 0} { set_property -dict $properties $cell }
    return $cell
  }

  # A converter between streams of different widths, clocked by FCLK_CLK0 and reset by `reset`. Its
  # output has TKEEP, so that the last beat of an image may be partly filled.
  proc width_converter {name from to hasKeep reset} {
    cell $name xilinx.com:ip:axis_dwidth_converter:1.1 [list CONFIG.S_TDATA_NUM_BYTES $from \
      CONFIG.M_TDATA_NUM_BYTES $to CONFIG.HAS_TLAST 1 CONFIG.HAS_TKEEP $hasKeep \
      CONFIG.HAS_MI_TKEEP [expr {!$hasKeep}]]
    connect ps7/FCLK_CLK0 $name/aclk
    connect $reset $name/aresetn
  }

  proc processor {clock hasBoard preset} {
    cell ps7 xilinx.com:ip:processing_system7:5.5 {}
    if {!$hasBoard && $preset ne ""} {
      set_property CONFIG.preset $preset [get_bd_cells ps7]
    }
    set config [list make_external "FIXED_IO, DDR" apply_board_preset $hasBoard \
      Master Disable Slave Disable]
    apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 -config $config \
      [get_bd_cells ps7]
    set_property -dict [list CONFIG.PCW_USE_M_AXI_GP0 1 CONFIG.PCW_USE_S_AXI_HP0 1 \
      CONFIG.PCW_S_AXI_HP0_DATA_WIDTH 64 CONFIG.PCW_EN_CLK0_PORT 1 CONFIG.PCW_EN_RST0_PORT 1 \
      CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $clock CONFIG.PCW_USE_FABRIC_INTERRUPT 1 \
      CONFIG.PCW_IRQ_F2P_INTR 1] [get_bd_cells ps7]
    cell reset xilinx.com:ip:proc_sys_reset:5.0 {}
    connect ps7/FCLK_CLK0 reset/slowest_sync_clk ps7/M_AXI_GP0_ACLK ps7/S_AXI_HP0_ACLK
    connect ps7/FCLK_RESET0_N reset/ext_reset_in
  }

  proc build_system {design} {
    variable acceleratorAddress; variable acceleratorRange; variable dmaAddress; variable dmaRange
    set inputBytes [dict get $design inputBytes]
    set outputBytes [dict get $design outputBytes]
    set mm2sBytes [dma_bytes input $inputBytes]
    set s2mmBytes [dma_bytes output $outputBytes]
    note "input: $inputBytes bytes a beat, DMA $mm2sBytes; output: $outputBytes, DMA $s2mmBytes"

    cell accelerator [vlnv $design] {}
    cell dma xilinx.com:ip:axi_dma:7.1 [list CONFIG.c_include_sg 0 \
      CONFIG.c_sg_include_stscntrl_strm 0 CONFIG.c_sg_length_width 26 \
      CONFIG.c_include_mm2s 1 CONFIG.c_include_s2mm 1 \
      CONFIG.c_m_axi_mm2s_data_width [memory_bits $mm2sBytes] \
      CONFIG.c_m_axis_mm2s_tdata_width [expr {8 * $mm2sBytes}] \
      CONFIG.c_m_axi_s2mm_data_width [memory_bits $s2mmBytes] \
      CONFIG.c_s_axis_s2mm_tdata_width [expr {8 * $s2mmBytes}]]
    cell control xilinx.com:ip:smartconnect:1.0 {CONFIG.NUM_SI 1 CONFIG.NUM_MI 2}
    cell memory xilinx.com:ip:smartconnect:1.0 {CONFIG.NUM_SI 2 CONFIG.NUM_MI 1}
    cell interrupts xilinx.com:ip:xlconcat:2.1 {CONFIG.NUM_PORTS 3}

    connect ps7/FCLK_CLK0 accelerator/aclk dma/s_axi_lite_aclk dma/m_axi_mm2s_aclk \
      dma/m_axi_s2mm_aclk control/aclk memory/aclk
    connect reset/peripheral_aresetn accelerator/aresetn dma/axi_resetn
    connect reset/interconnect_aresetn control/aresetn memory/aresetn

    connect_interface ps7/M_AXI_GP0 control/S00_AXI
    connect_interface control/M00_AXI accelerator/s_axil
    connect_interface control/M01_AXI dma/S_AXI_LITE
    connect_interface dma/M_AXI_MM2S memory/S00_AXI
    connect_interface dma/M_AXI_S2MM memory/S01_AXI
    connect_interface memory/M00_AXI ps7/S_AXI_HP0

    # A reset of the DMA by software empties the converters too.
    set source dma/M_AXIS_MM2S
    if {$mm2sBytes != $inputBytes} {
      width_converter input_width $mm2sBytes $inputBytes 1 dma/mm2s_prmry_reset_out_n
      connect_interface $source input_width/S_AXIS
      set source input_width/M_AXIS
    }
    connect_interface $source accelerator/s_axis
    set source accelerator/m_axis
    if {$s2mmBytes != $outputBytes} {
      width_converter output_width $outputBytes $s2mmBytes 0 dma/s2mm_prmry_reset_out_n
      connect_interface $source output_width/S_AXIS
      set source output_width/M_AXIS
    }
    connect_interface $source dma/S_AXIS_S2MM

    connect dma/mm2s_introut interrupts/In0
    connect dma/s2mm_introut interrupts/In1
    connect accelerator/[dict get $design interrupt] interrupts/In2
    connect interrupts/dout ps7/IRQ_F2P

    assign_bd_address -target_address_space [get_bd_addr_spaces ps7/Data] \
      -offset $acceleratorAddress -range $acceleratorRange [get_bd_addr_segs accelerator/s_axil/reg0]
    assign_bd_address -target_address_space [get_bd_addr_spaces ps7/Data] \
      -offset $dmaAddress -range $dmaRange [get_bd_addr_segs dma/S_AXI_LITE/Reg]
    foreach space {dma/Data_MM2S dma/Data_S2MM} {
      assign_bd_address -target_address_space [get_bd_addr_spaces $space] \
        [get_bd_addr_segs ps7/S_AXI_HP0/HP0_DDR_LOWOCM]
    }
  }

  # The description of a core that package_ip.tcl made holds the hash of its design.
  proc check_core {folder hash} {
    set descriptions [glob -nocomplain [file join $folder * component.xml]]
    if {[llength $descriptions] == 0} {
      fail "no IP core in $folder" "run vivado/package_ip.tcl first, or say where it is with -ip"
    }
    foreach path $descriptions {
      set file [open $path]
      set text [read $file]
      close $file
      if {[string first $hash $text] >= 0} { return }
    }
    fail "the IP core in $folder is of another design than hash $hash" \
      "run vivado/package_ip.tcl again with -force"
  }

  # The bitstream and what describes it to software.
  proc build_bitstream {name output jobs} {
    launch_runs impl_1 -to_step write_bitstream -jobs $jobs
    wait_on_run impl_1
    set run [get_runs impl_1]
    if {[get_property PROGRESS $run] ne "100%"} {
      fail "implementation ended with '[get_property STATUS $run]'" \
        "open the project in $output and read the messages"
    }
    set slack [get_property STATS.WNS $run]
    note "implementation: slack $slack ns"
    if {$slack < 0} {
      fail "timing is not met: slack is $slack ns" "ask for less with -clock, or for another fold"
    }
    set bit [file join [get_property DIRECTORY $run] system_wrapper.bit]
    file copy -force $bit [file join $output $name.bit]
    # The name differs between versions of Vivado; PYNQ wants it beside the bitstream.
    set handoff [glob -nocomplain [file join $output * sources_1 bd system hw_handoff system.hwh]]
    if {[llength $handoff] > 0} {
      file copy -force [lindex $handoff 0] [file join $output $name.hwh]
    }
    write_hw_platform -fixed -include_bit -force -file [file join $output $name.xsa]
  }

  proc block_design {} {
    variable folder
    variable acceleratorAddress; variable acceleratorRange; variable dmaAddress; variable dmaRange
    set design [design]
    set defaults [dict create output [file join $folder build system] \
      ip [file join $folder build ip] part [dict get $design part] \
      board [dict get $design board] preset [dict get $design preset] \
      clock [dict get $design clock] jobs 4]
    set options [options [arguments] $defaults {force build}]
    dict with options {}
    set output [output $output $force]
    set ip [file normalize $ip]
    set name [dict get $design top]
    check_core $ip [dict get $design hash]
    if {!([string is double -strict $clock] && $clock >= 0.1 && $clock <= 250)} {
      fail "FCLK_CLK0 gives 0.1 to 250 MHz, not '$clock'" "choose another with -clock"
    }

    file delete -force $output
    create_project -force $name $output -part $part
    set hasBoard [expr {$board ne "" && [llength [get_board_parts -quiet $board]] > 0}]
    if {$hasBoard} {
      set_property board_part $board [current_project]
    } elseif {$preset ne ""} {
      note "Vivado does not know the board '$board': preset $preset, part $part"
    } else {
      fail "Vivado does not know the board '$board', and there is no preset" \
        "install the board's files, or name a preset of processing_system7 with -preset"
    }
    set_property ip_repo_paths [list $ip] [current_project]
    update_ip_catalog -rebuild
    if {[llength [get_ipdefs -all [vlnv $design]]] == 0} {
      fail "the core in $ip is not [vlnv $design]" "run vivado/package_ip.tcl again with -force"
    }

    create_bd_design system
    processor $clock $hasBoard $preset
    build_system $design
    regenerate_bd_layout
    validate_bd_design
    save_bd_design
    set file [get_files system.bd]
    add_files -norecurse -fileset sources_1 [make_wrapper -files $file -top]
    set_property top system_wrapper [get_filesets sources_1]
    update_compile_order -fileset sources_1

    note "FCLK_CLK0: [get_property CONFIG.PCW_ACT_FPGA0_PERIPHERAL_FREQMHZ [get_bd_cells ps7]] MHz,\
      asked for $clock"
    note "accelerator $acceleratorAddress, [expr {$acceleratorRange / 1024}] KiB"
    note "dma         $dmaAddress, [expr {$dmaRange / 1024}] KiB"
    note "IRQ_F2P     0 dma MM2S, 1 dma S2MM, 2 accelerator"
    if {$build} {
      generate_target all $file
      build_bitstream $name $output $jobs
    }
    close_project
    note "project $output"
  }
}

resbin::block_design
