// SPDX-License-Identifier: Apache-2.0
//
// The registers of an accelerator on AXI4-Lite: what it is, what it did, its interrupt, its reset.
//
//     counter = events since the last CLEAR, modulo 2^32
//     interrupt = (IRQ_STATUS & IRQ_ENABLE) != 0
//
// Input    AXI4-Lite, 32 bits; addresses count words. Events of rb_image_frame and rb_result_frame.
// Output   one response a request, always OKAY; what is read at a bad address is 0.
// Timing   a write is answered 2 cycles after the later of address and data, a read 2 cycles after
//          its address, a cycle later where a write comes in between; LOAD_ADDRESS, LOAD_DATA and
//          LOAD_CRC up to 9 cycles later (rb_loader). An event counts 2 cycles later.
// Storage  address and data of one write, address of one read, the registers.
// Cuts     everything: every output depends on registers only.
// Checked  Tests/CoresTests/Formal/rb_axi_control_proof.svh, Tests/AcceleratorTests/AXI.
//
// Address and data of a write are taken independently of each other. All that can be written stands
// in the lowest byte: without its strobe a write changes nothing, but is an access. LOAD_ADDRESS,
// LOAD_DATA and LOAD_CRC are written whole: without all four strobes the same.
//
//     reset_o      the pipeline is in reset: while rst_i, one cycle more, from CONTROL.RESET until
//                  result_idle_i, 8 cycles at least, and for one cycle with each new mode and when
//                  the memories close. It is a register, so it is the pipeline's rst_i as it stands.
//     abandon_o    for one cycle, the first of reset_o if both were written
//     enable_o     CONTROL.ENABLE, no change of the levels waits, and the memories are neither open
//                  nor to be opened
//     clear_o      for one cycle, and while rst_i: zero the high-water marks
//     mode_o       one less than the levels in use; after LEVELS was written no image is begun
//                  (enable_o) until all results have left and all packets have ended, and then it
//                  changes, with a cycle of reset_o. What is inside then has no part in a result: a
//                  layer may still compute pixels that no later layer reads
//     load_o       {open, write, address[29:0], data[31:0]} to the memories (rb_loader). While
//                  CONTROL.LOAD is 1 they open as the mode changes; with 0 they close, with a cycle of
//                  reset_o. Where LOAD_WORDS is 0 there is none of that, and LOAD_* are read only
//
//     register          bits, access         what
//     CONTROL           [0] ENABLE           images are taken
//                       [1] RESET            write 1: drop all images in flight; 1 until done
//                       [2] ABANDON          write 1: the rest of a packet dropped will never come
//                       [3] CLEAR            write 1: zero all counters and high-water marks
//                       [4] LOAD             the memories are open when nothing is inside
//     STATUS            [0] BUSY, [1] DROPPING, [2] ERROR, [3] SWITCHING: LEVELS.CHOSEN is not in use yet,
//                       [4] LOADING: the memories are open, [5] CHECKING: LOAD_CRC is computed
//     IRQ_ENABLE        [0] DONE, [1] ERROR
//     IRQ_STATUS        the same             write 1 to clear; an event in that cycle wins
//     LEVELS            [7:0] CHOSEN         of the next image; read only where MODES is 1
//                       [15:8] BUILT, [23:16] IN_USE, [24] SELECTABLE
//     ERRORS            [0] SHORT_IMAGE, [1] LONG_IMAGE, [2] READ_ONLY, [3] UNMAPPED, [4] BAD_LEVELS,
//                       [5] BAD_LOAD, write 1 to clear
//     CYCLES_LOW        reading it latches CYCLES_HIGH
//     LOAD_ADDRESS      of the word that LOAD_DATA is, a step further after each access that is not refused
//     LOAD_CRC          a write begins a check; the result of the last one

`default_nettype none

module rb_axi_control #(
  parameter [127:0] HASH       = 0,  // first bits of the SHA-256 of the design
  parameter integer LEVELS     = 1,
  parameter integer MODES      = 1,  // LEVELS: they are chosen at run time; 1: they are not
  parameter integer IN_BEATS   = 1,  // beats of an image
  parameter integer IN_BYTES   = 1,  // bytes of a beat
  parameter integer OUT_BEATS  = 1,  // beats of a result
  parameter integer OUT_BYTES  = 1,  // bytes of a beat
  parameter integer FIFOS      = 0,  // queues with a high-water mark, at most 64
  parameter integer LOAD_WORDS = 0   // of 32 bits in the memories; 0: they cannot be written
) (
  input  wire                                 clk_i,
  input  wire                                 rst_i,

  input  wire [11:2]                          awaddr_i,
  input  wire                                 awvalid_i,
  output wire                                 awready_o,
  input  wire [31:0]                          wdata_i,
  input  wire [3:0]                           wstrb_i,
  input  wire                                 wvalid_i,
  output wire                                 wready_o,
  output wire [1:0]                           bresp_o,
  output wire                                 bvalid_o,
  input  wire                                 bready_i,
  input  wire [11:2]                          araddr_i,
  input  wire                                 arvalid_i,
  output wire                                 arready_o,
  output wire [31:0]                          rdata_o,
  output wire [1:0]                           rresp_o,
  output wire                                 rvalid_o,
  input  wire                                 rready_i,

  output wire                                 interrupt_o,
  output wire                                 enable_o,
  output wire                                 reset_o,
  output wire                                 abandon_o,
  output wire                                 clear_o,
  output wire [(MODES>1?$clog2(MODES):1)-1:0] mode_o,
  output wire [63:0]                          load_o,            // the memories

  input  wire                                 image_begun_i,     // rb_image_frame
  input  wire                                 image_ended_i,
  input  wire                                 image_short_i,
  input  wire                                 image_long_i,
  input  wire                                 image_starved_i,
  input  wire                                 image_dropping_i,
  input  wire                                 image_stalled_i,   // tvalid and not tready
  input  wire                                 result_left_i,     // rb_result_frame
  input  wire                                 result_idle_i,
  input  wire                                 result_stalled_i,  // tvalid and not tready
  input  wire [16*(FIFOS>0?FIFOS:1)-1:0]      high_water_i,      // rb_high_water, queue 0 lowest
  input  wire [31:0]                          load_i             // the memories
);

  localparam [11:0] REG_ID             = 12'h000;
  localparam [11:0] REG_VERSION        = 12'h004;
  localparam [11:0] REG_HASH_0         = 12'h008;
  localparam [11:0] REG_HASH_1         = 12'h00C;
  localparam [11:0] REG_HASH_2         = 12'h010;
  localparam [11:0] REG_HASH_3         = 12'h014;
  localparam [11:0] REG_LEVELS         = 12'h018;
  localparam [11:0] REG_CONTROL        = 12'h01C;
  localparam [11:0] REG_STATUS         = 12'h020;
  localparam [11:0] REG_IRQ_ENABLE     = 12'h024;
  localparam [11:0] REG_IRQ_STATUS     = 12'h028;
  localparam [11:0] REG_ERRORS         = 12'h02C;
  localparam [11:0] REG_SHORT_IMAGES   = 12'h030;
  localparam [11:0] REG_LONG_IMAGES    = 12'h034;
  localparam [11:0] REG_BAD_ACCESSES   = 12'h038;
  localparam [11:0] REG_DROPPED_IMAGES = 12'h03C;
  localparam [11:0] REG_LAST_BAD_IMAGE = 12'h040;
  localparam [11:0] REG_IMAGES_IN      = 12'h044;
  localparam [11:0] REG_IMAGES_OUT     = 12'h048;
  localparam [11:0] REG_CYCLES_LOW     = 12'h04C;
  localparam [11:0] REG_CYCLES_HIGH    = 12'h050;
  localparam [11:0] REG_STALLS_IN      = 12'h054;
  localparam [11:0] REG_STARVED_IN     = 12'h058;
  localparam [11:0] REG_STALLS_OUT     = 12'h05C;
  localparam [11:0] REG_IN_BEATS       = 12'h060;
  localparam [11:0] REG_IN_BYTES       = 12'h064;
  localparam [11:0] REG_OUT_BEATS      = 12'h068;
  localparam [11:0] REG_OUT_BYTES      = 12'h06C;
  localparam [11:0] REG_FIFOS          = 12'h070;
  localparam [11:0] REG_LOAD_WORDS     = 12'h074;
  localparam [11:0] REG_LOAD_ADDRESS   = 12'h078;
  localparam [11:0] REG_LOAD_DATA      = 12'h07C;
  localparam [11:0] REG_LOAD_CRC       = 12'h080;
  localparam [11:0] REG_HIGH_WATER     = 12'h100;  // the first of them

  localparam integer LAST_ADDRESS = 63 + FIFOS;  // of a register, in words
  localparam integer MODE_WIDTH   = MODES > 1 ? $clog2(MODES) : 1;
  localparam integer LAST_MODE    = MODES - 1;

  localparam [31:0] ID      = 32'h5253424E;  // "RSBN"
  localparam [31:0] VERSION = 32'h00010002;

  // Bus ---------------------------------------------------------------------------------------

  reg         aw_held_q;
  reg         w_held_q;
  reg         ar_held_q;
  reg         bvalid_q;
  reg         rvalid_q;
  reg  [11:2] awaddr_q;
  reg  [11:2] araddr_q;
  reg  [31:0] wdata_q;
  reg  [3:0]  wstrb_q;
  reg  [31:0] rdata_q;

  wire        write_waits;  // for the loader
  wire        read_waits;

  // Never both: one bad access a cycle.
  wire        asks_write = aw_held_q && w_held_q && !bvalid_q;
  wire        asks_read  = ar_held_q && !rvalid_q;
  wire        write      = asks_write && !write_waits;
  wire        read       = asks_read && !read_waits && !write;

  always @(posedge clk_i) begin
    if (awvalid_i && awready_o) aw_held_q <= 1;
    if (wvalid_i && wready_o) w_held_q <= 1;
    if (arvalid_i && arready_o) ar_held_q <= 1;
    if (bready_i) bvalid_q <= 0;
    if (rready_i) rvalid_q <= 0;
    if (write) begin
      aw_held_q <= 0;
      w_held_q  <= 0;
      bvalid_q  <= 1;
    end
    if (read) begin
      ar_held_q <= 0;
      rvalid_q  <= 1;
    end
    if (rst_i) begin
      aw_held_q <= 0;
      w_held_q  <= 0;
      ar_held_q <= 0;
      bvalid_q  <= 0;
      rvalid_q  <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (awready_o) awaddr_q <= awaddr_i;
    if (arready_o) araddr_q <= araddr_i;
    if (wready_o) wdata_q <= wdata_i;
    if (wready_o) wstrb_q <= wstrb_i;
    if (read) rdata_q <= read_data;
  end

  function is_mapped(input [11:2] address);
    is_mapped = address <= REG_LOAD_CRC[11:2]
        || address >= REG_HIGH_WATER[11:2] && address <= LAST_ADDRESS[9:0];
  endfunction

  // The registers that the loader is asked for.
  function is_load(input [11:2] address);
    is_load = address >= REG_LOAD_ADDRESS[11:2] && address <= REG_LOAD_CRC[11:2];
  endfunction

  wire write_byte       = write && wstrb_q[0];
  wire write_control    = write_byte && awaddr_q == REG_CONTROL[11:2];
  wire write_irq_enable = write_byte && awaddr_q == REG_IRQ_ENABLE[11:2];
  wire write_irq_status = write_byte && awaddr_q == REG_IRQ_STATUS[11:2];
  wire write_errors     = write_byte && awaddr_q == REG_ERRORS[11:2];
  wire write_levels     = write_byte && awaddr_q == REG_LEVELS[11:2] && MODES > 1;
  wire bad_levels       = write_levels && (wdata_q[7:0] == 0 || wdata_q[7:0] > MODES[7:0]);
  wire writable         = awaddr_q == REG_CONTROL[11:2] || awaddr_q == REG_IRQ_ENABLE[11:2]
                          || awaddr_q == REG_IRQ_STATUS[11:2] || awaddr_q == REG_ERRORS[11:2]
                          || awaddr_q == REG_LEVELS[11:2] && MODES > 1
                          || is_load(awaddr_q) && LOAD_WORDS > 0;
  wire read_only_access = write && is_mapped(awaddr_q) && !writable;
  wire unmapped_access  = write && !is_mapped(awaddr_q) || read && !is_mapped(araddr_q);

  // Events, a cycle late so that no counter hangs on a ready that comes through the pipeline. ---

  reg  begun_q;
  reg  ended_q;
  reg  short_q;
  reg  long_q;
  reg  starved_q;
  reg  stalled_in_q;
  reg  left_q;
  reg  stalled_out_q;
  reg  idle_q;

  always @(posedge clk_i) begin
    begun_q       <= image_begun_i && !rst_i;
    ended_q       <= image_ended_i && !rst_i;
    short_q       <= image_short_i && !rst_i;
    long_q        <= image_long_i && !rst_i;
    starved_q     <= image_starved_i && !rst_i;
    stalled_in_q  <= image_stalled_i && !rst_i;
    left_q        <= result_left_i && !rst_i;
    stalled_out_q <= result_stalled_i && !rst_i;
    idle_q        <= result_idle_i && !rst_i;
  end

  // Control -----------------------------------------------------------------------------------

  reg        enable_q;
  reg        reset_q;         // CONTROL.RESET
  reg        pipeline_rst_q;  // the same, and with rst_i
  reg  [2:0] reset_cycles_q;  // that reset lasts at least
  reg        abandon_q;
  reg        clear_q;
  reg [15:0] in_flight_q;     // images begun whose results have not left
  reg        inside_q;        // a packet has begun, and not ended

  wire [MODE_WIDTH-1:0] chosen;     // of the next image
  wire                  switching;
  wire                  load;       // CONTROL.LOAD
  wire                  open;       // the memories are

  // Nothing that is inside has a part in a result.
  wire empty        = in_flight_q == 0 && !begun_q && !inside_q;
  wire switches     = switching && empty;
  wire closes       = open && !load;
  wire reset_starts = write_control && wdata_q[1];
  wire reset_ends   = reset_q && reset_cycles_q == 0 && idle_q;
  wire busy         = in_flight_q != 0 || reset_q;

  always @(posedge clk_i) begin
    if (write_control) enable_q <= wdata_q[0];
    abandon_q <= write_control && wdata_q[2];
    clear_q   <= write_control && wdata_q[3];

    if (reset_cycles_q != 0) reset_cycles_q <= reset_cycles_q - 1;
    if (reset_ends) reset_q <= 0;
    pipeline_rst_q <= reset_q && !reset_ends || switches || closes;
    if (reset_starts) begin
      reset_q        <= 1;
      pipeline_rst_q <= 1;
      reset_cycles_q <= 3'd7;
    end

    if (begun_q && !left_q) in_flight_q <= in_flight_q + 1;
    if (left_q && !begun_q) in_flight_q <= in_flight_q - 1;
    if (reset_ends) in_flight_q <= 0;

    if (begun_q) inside_q <= 1;
    if (ended_q || reset_q) inside_q <= 0;

    if (rst_i) begin
      enable_q       <= 1;
      abandon_q      <= 0;
      clear_q        <= 1;
      reset_q        <= 0;
      pipeline_rst_q <= 1;
      reset_cycles_q <= 0;
      in_flight_q    <= 0;
      inside_q       <= 0;
    end
  end

  // Levels ------------------------------------------------------------------------------------

  generate
    if (MODES > 1) begin : gen_modes
      reg [MODE_WIDTH-1:0] chosen_q;
      reg [MODE_WIDTH-1:0] mode_q;  // of the images inside

      always @(posedge clk_i) begin
        // The number less one; bits above are 0 where it is a number of levels.
        if (write_levels && !bad_levels) chosen_q <= wdata_q[MODE_WIDTH-1:0] - 1;
        if (switches) mode_q <= chosen_q;
        if (rst_i) begin
          chosen_q <= LAST_MODE[MODE_WIDTH-1:0];
          mode_q   <= LAST_MODE[MODE_WIDTH-1:0];
        end
      end

      assign chosen    = chosen_q;
      assign mode_o    = mode_q;
      assign switching = chosen_q != mode_q;
    end else begin : gen_fixed
      assign chosen    = 0;
      assign mode_o    = 0;
      assign switching = 0;
    end
  endgenerate

  wire [7:0] levels_chosen = MODES > 1 ? {{(8-MODE_WIDTH){1'b0}}, chosen} + 1 : LEVELS[7:0];
  wire [7:0] levels_in_use = MODES > 1 ? {{(8-MODE_WIDTH){1'b0}}, mode_o} + 1 : LEVELS[7:0];

  // Memories ----------------------------------------------------------------------------------

  wire        bad_load;
  wire        checking;
  wire [31:0] load_address;
  wire [31:0] load_word;
  wire [31:0] load_crc;

  generate
    if (LOAD_WORDS > 0) begin : gen_load
      reg  load_q;
      reg  open_q;
      reg  read_first_q;  // of two that wait: a write was the last
      wire ready;

      always @(posedge clk_i) begin
        if (write_control) load_q <= wdata_q[4];
        if (load_q && empty) open_q <= 1;
        if (closes) open_q <= 0;
        if (read) read_first_q <= 0;
        if (write) read_first_q <= 1;
        if (rst_i) begin
          load_q       <= 0;
          open_q       <= 0;
          read_first_q <= 0;
        end
      end

      rb_loader #(
        .WORDS(LOAD_WORDS)
      ) u_loader (
        .clk_i          (clk_i),
        .rst_i          (rst_i),
        .address_write_i(write && awaddr_q == REG_LOAD_ADDRESS[11:2]),
        .word_write_i   (write && awaddr_q == REG_LOAD_DATA[11:2]),
        .word_read_i    (read && araddr_q == REG_LOAD_DATA[11:2]),
        .check_i        (write && awaddr_q == REG_LOAD_CRC[11:2]),
        .value_i        (wdata_q),
        .whole_i        (wstrb_q == 4'b1111),
        .ready_o        (ready),
        .refused_o      (bad_load),
        .address_o      (load_address),
        .word_o         (load_word),
        .crc_o          (load_crc),
        .checking_o     (checking),
        .open_i         (open_q),
        .load_o         (load_o),
        .load_i         (load_i)
      );

      assign load        = load_q;
      assign open        = open_q;
      assign read_waits  = is_load(araddr_q) && !ready;
      assign write_waits = is_load(awaddr_q)
          && (!ready || read_first_q && asks_read && is_load(araddr_q));
    end else begin : gen_fixed_memories
      wire unused = &{1'b0, wdata_q[31:8], wstrb_q[3:1], asks_read, empty, load_i};

      assign load         = 0;
      assign open         = 0;
      assign read_waits   = 0;
      assign write_waits  = 0;
      assign bad_load     = 0;
      assign checking     = 0;
      assign load_address = 0;
      assign load_word    = 0;
      assign load_crc     = 0;
      assign load_o       = 0;
    end
  endgenerate

  // Interrupt and errors ------------------------------------------------------------------------

  reg  [1:0] irq_enable_q;
  reg  [1:0] irq_status_q;
  reg  [5:0] errors_q;
  wire [3:0] bad_accesses = {bad_load, bad_levels, unmapped_access, read_only_access};
  wire [5:0] error_events = {bad_accesses, long_q, short_q};
  wire [1:0] irq_events   = {error_events != 0, left_q};

  always @(posedge clk_i) begin
    if (write_irq_enable) irq_enable_q <= wdata_q[1:0];
    irq_status_q <= (write_irq_status ? irq_status_q & ~wdata_q[1:0] : irq_status_q) | irq_events;
    errors_q     <= (write_errors ? errors_q & ~wdata_q[5:0] : errors_q) | error_events;
    if (rst_i) begin
      irq_enable_q <= 0;
      irq_status_q <= 0;
      errors_q     <= 0;
    end
  end

  // Counters ------------------------------------------------------------------------------------

  reg [31:0] short_images_q;
  reg [31:0] long_images_q;
  reg [31:0] bad_accesses_q;
  reg [31:0] dropped_images_q;
  reg [31:0] last_bad_image_q;
  reg [31:0] images_in_q;
  reg [31:0] images_out_q;
  reg [63:0] cycles_q;
  reg [31:0] cycles_high_q;
  reg [31:0] stalls_in_q;
  reg [31:0] starved_in_q;
  reg [31:0] stalls_out_q;

  always @(posedge clk_i) begin
    if (short_q) short_images_q <= short_images_q + 1;
    if (long_q) long_images_q <= long_images_q + 1;
    if (bad_accesses != 0) bad_accesses_q <= bad_accesses_q + 1;
    if (reset_ends) dropped_images_q <= dropped_images_q + {16'd0, in_flight_q};
    if (short_q || long_q) last_bad_image_q <= images_in_q;
    if (ended_q) images_in_q <= images_in_q + 1;
    if (left_q) images_out_q <= images_out_q + 1;
    if (busy) cycles_q <= cycles_q + 1;
    if (read && araddr_q == REG_CYCLES_LOW[11:2]) cycles_high_q <= cycles_q[63:32];
    if (stalled_in_q) stalls_in_q <= stalls_in_q + 1;
    if (starved_q) starved_in_q <= starved_in_q + 1;
    if (stalled_out_q) stalls_out_q <= stalls_out_q + 1;
    if (clear_q) begin  // with rst_i, too
      short_images_q   <= 0;
      long_images_q    <= 0;
      bad_accesses_q   <= 0;
      dropped_images_q <= 0;
      last_bad_image_q <= 0;
      images_in_q      <= 0;
      images_out_q     <= 0;
      cycles_q         <= 0;
      cycles_high_q    <= 0;
      stalls_in_q      <= 0;
      starved_in_q     <= 0;
      stalls_out_q     <= 0;
    end
  end

  // What is read --------------------------------------------------------------------------------

  reg [15:0] high_water;
  reg [31:0] read_data;

  integer queue;
  always @* begin
    high_water = 0;
    for (queue = 0; queue < FIFOS; queue = queue + 1)
      if (araddr_q[7:2] == queue[5:0]) high_water = high_water_i[16*queue +: 16];
  end

  always @* begin
    case ({araddr_q, 2'd0})
      REG_ID:             read_data = ID;
      REG_VERSION:        read_data = VERSION;
      REG_HASH_0:         read_data = HASH[127:96];
      REG_HASH_1:         read_data = HASH[95:64];
      REG_HASH_2:         read_data = HASH[63:32];
      REG_HASH_3:         read_data = HASH[31:0];
      REG_LEVELS:         read_data = {7'd0, MODES > 1, levels_in_use, LEVELS[7:0], levels_chosen};
      REG_CONTROL:        read_data = {27'd0, load, 2'd0, reset_q, enable_q};
      REG_STATUS:
        read_data = {26'd0, checking, open, switching, errors_q != 0, image_dropping_i, busy};
      REG_IRQ_ENABLE:     read_data = {30'd0, irq_enable_q};
      REG_IRQ_STATUS:     read_data = {30'd0, irq_status_q};
      REG_ERRORS:         read_data = {26'd0, errors_q};
      REG_SHORT_IMAGES:   read_data = short_images_q;
      REG_LONG_IMAGES:    read_data = long_images_q;
      REG_BAD_ACCESSES:   read_data = bad_accesses_q;
      REG_DROPPED_IMAGES: read_data = dropped_images_q;
      REG_LAST_BAD_IMAGE: read_data = last_bad_image_q;
      REG_IMAGES_IN:      read_data = images_in_q;
      REG_IMAGES_OUT:     read_data = images_out_q;
      REG_CYCLES_LOW:     read_data = cycles_q[31:0];
      REG_CYCLES_HIGH:    read_data = cycles_high_q;
      REG_STALLS_IN:      read_data = stalls_in_q;
      REG_STARVED_IN:     read_data = starved_in_q;
      REG_STALLS_OUT:     read_data = stalls_out_q;
      REG_IN_BEATS:       read_data = IN_BEATS[31:0];
      REG_IN_BYTES:       read_data = IN_BYTES[31:0];
      REG_OUT_BEATS:      read_data = OUT_BEATS[31:0];
      REG_OUT_BYTES:      read_data = OUT_BYTES[31:0];
      REG_FIFOS:          read_data = FIFOS[31:0];
      REG_LOAD_WORDS:     read_data = LOAD_WORDS[31:0];
      REG_LOAD_ADDRESS:   read_data = load_address;
      REG_LOAD_DATA:      read_data = load_word;
      REG_LOAD_CRC:       read_data = load_crc;
      default:            read_data = is_mapped(araddr_q) ? {16'd0, high_water} : 0;
    endcase
  end

  assign awready_o   = !aw_held_q;
  assign wready_o    = !w_held_q;
  assign bresp_o     = 0;
  assign bvalid_o    = bvalid_q;
  assign arready_o   = !ar_held_q;
  assign rdata_o     = rdata_q;
  assign rresp_o     = 0;
  assign rvalid_o    = rvalid_q;
  assign interrupt_o = (irq_status_q & irq_enable_q) != 0;
  assign enable_o    = enable_q && !switching && !load && !open;
  assign reset_o     = pipeline_rst_q;
  assign abandon_o   = abandon_q;
  assign clear_o     = clear_q;

  generate
    if (FIFOS > 64) begin : gen_check
      initial begin
        $display("%m: FIFOS (%0d) is more than there are registers (%0d)", FIFOS, 64);
        $finish;
      end
    end
  endgenerate

endmodule

`default_nettype wire
