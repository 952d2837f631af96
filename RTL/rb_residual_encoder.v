// SPDX-License-Identifier: Apache-2.0
//
// Turns sums into residual codes: a binary search through each neuron's tree of thresholds.
//
//     node = 1;   for l in 1 ... LEVELS:  b_l = sum >= T[node],  node = 2*node + b_l
//
//     FALLING: a neuron whose value falls with its sum has b_l = !(sum >= T[node]).
//     MODES > 1: mode_i + 1 levels are in use, at most LEVELS, each number of them with thresholds of
//     its own; the bits of the others are 0. mode_i changes only while no beat is inside.
//     RELOADABLE: the load bus can write the thresholds, see rb_loadable_memory.v.
//
// Input    UNITS unsigned sums of SUM_WIDTH bits; GROUPS beats a vector.
// Output   UNITS codes of LEVELS bits, b_1 the most significant.
// Timing   latency 1 + LEVELS, a beat a cycle: sums and thresholds, then one stage a level.
// Storage  GROUPS words for each mode; unit u has 2^LEVELS - 1 thresholds of SUM_WIDTH bits, node n
//          at position u*(2^LEVELS - 1) + n - 1. A stage hands on what is below the node it compared
//          with.
//          FALLING: one bit more a unit, above its thresholds; 1 turns its comparisons round.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/ResidualEncoderTests.swift, Sim/properties/rb_residual_encoder_bind.sv.

`default_nettype none

module rb_residual_encoder #(
  parameter integer UNITS           = 4,
  parameter integer LEVELS          = 2,  // bits of a code
  parameter integer MODES           = 1,  // 1, or how many numbers of levels there are to choose from
  parameter integer SUM_WIDTH       = 6,  // bits
  parameter integer GROUPS          = 2,  // beats of a vector
  parameter integer FALLING         = 0,  // 1: a bit of each neuron turns its comparisons round
  parameter integer RELOADABLE      = 0,  // 1: the thresholds can be written
  parameter integer THRESHOLDS_BASE = 0,  // RELOADABLE: their first address on the load bus
  parameter         THRESHOLDS_FILE = ""
) (
  input  wire                                         clk_i,
  input  wire                                         rst_i,
  input  wire [(MODES > 1 ? $clog2(MODES) : 1) - 1:0] mode_i,

  input  wire [UNITS*SUM_WIDTH-1:0]                   sums_data_i,
  input  wire                                         sums_valid_i,
  output wire                                         sums_ready_o,
  input  wire                                         sums_last_i,

  output wire [UNITS*LEVELS-1:0]                      codes_data_o,
  output wire                                         codes_valid_o,
  input  wire                                         codes_ready_i,
  output wire                                         codes_last_o,

  input  wire [63:0]                                  load_i,
  output wire [31:0]                                  load_o
);

  localparam integer TREE_WIDTH    = ((1 << LEVELS) - 1) * SUM_WIDTH;
  localparam integer UNIT_WIDTH    = TREE_WIDTH + (FALLING != 0 ? 1 : 0);
  localparam integer ADDRESS_WIDTH = GROUPS > 1 ? $clog2(GROUPS) : 1;
  localparam integer LAST_GROUP    = GROUPS - 1;
  localparam integer MODE_WIDTH    = MODES > 1 ? $clog2(MODES) : 1;

  reg  [ADDRESS_WIDTH-1:0]    group_q;
  reg  [LEVELS:0]             valid_q;  // one bit a stage, the sums in bit 0
  reg  [LEVELS:0]             last_q;
  reg  [UNITS*SUM_WIDTH-1:0]  sums_q;
  reg  [UNITS*LEVELS-1:0]     codes_q;
  wire [UNITS*UNIT_WIDTH-1:0] thresholds;

  wire advance = !codes_valid_o || codes_ready_i;

  always @(posedge clk_i) begin
    if (advance) begin
      valid_q <= {valid_q[LEVELS-1:0], sums_valid_i};
      last_q  <= {last_q[LEVELS-1:0], sums_last_i};
      if (sums_valid_i) group_q <= group_q == LAST_GROUP[ADDRESS_WIDTH-1:0] ? 0 : group_q + 1;
    end
    if (rst_i) begin
      valid_q <= 0;
      last_q  <= 0;  // as a shift register Yosys 0.23 would lose its enable
      group_q <= 0;
    end
  end

  // Data move only with a beat: no power, and no time of a simulator, where there is none.
  wire takes = advance && sums_valid_i;

  always @(posedge clk_i) begin
    if (takes) sums_q <= sums_data_i;
  end

  rb_rom #(
    .WIDTH     (UNITS * UNIT_WIDTH),
    .DEPTH     (GROUPS),
    .BANKS     (MODES),
    .RELOADABLE(RELOADABLE),
    .BASE      (THRESHOLDS_BASE),
    .INIT_FILE (THRESHOLDS_FILE)
  ) u_thresholds (
    .clk_i    (clk_i),
    .enable_i (takes),
    .bank_i   (mode_i),
    .address_i(group_q),
    .data_o   (thresholds),
    .load_i   (load_i),
    .load_o   (load_o)
  );

  // Levels in use; the first always is.
  wire [LEVELS-1:0] used;

  genvar unit, level, node;
  generate
    for (level = 0; level < LEVELS; level = level + 1) begin : gen_used
      localparam integer FROM = level;  // the mode

      if (MODES > 1 && level > 0) begin : gen_chosen
        assign used[level] = mode_i >= FROM[MODE_WIDTH-1:0];
      end else begin : gen_always
        assign used[level] = 1;
      end
    end

    for (unit = 0; unit < UNITS; unit = unit + 1) begin : gen_unit
      for (level = 0; level < LEVELS; level = level + 1) begin : gen_level
        localparam integer NODES = (1 << (LEVELS - level)) - 1;  // in the tree that is left

        wire [SUM_WIDTH-1:0]       sum;
        wire [NODES*SUM_WIDTH-1:0] tree;  // the root in the low bits
        wire [LEVELS-1:0]          code;  // the bits decided before
        wire                       falls;

        if (level == 0) begin : gen_root
          assign sum  = sums_q[unit*SUM_WIDTH +: SUM_WIDTH];
          assign tree = thresholds[unit*UNIT_WIDTH +: TREE_WIDTH];
          assign code = 0;
          if (FALLING != 0) begin : gen_falls
            assign falls = thresholds[unit*UNIT_WIDTH + TREE_WIDTH];
          end else begin : gen_rises
            assign falls = 0;
          end
        end else begin : gen_child
          reg [SUM_WIDTH-1:0]         sum_q;
          reg [2*NODES*SUM_WIDTH-1:0] subtrees_q;  // below the node before, interleaved by depth
          reg [LEVELS-1:0]            code_q;
          reg                         falls_q;

          always @(posedge clk_i) begin
            if (advance && valid_q[level-1]) begin
              sum_q      <= gen_level[level-1].sum;
              subtrees_q <= gen_level[level-1].tree[SUM_WIDTH +: 2*NODES*SUM_WIDTH];
              code_q     <= gen_level[level-1].code_next;
              falls_q    <= gen_level[level-1].falls;
            end
          end

          assign sum   = sum_q;
          assign code  = code_q;
          assign falls = falls_q;
          for (node = 1; node <= NODES; node = node + 1) begin : gen_node
            // Of the nodes 2*ROW ... 4*ROW - 1 of the tree before, the left half or the right one.
            localparam integer ROW = 1 << ($clog2(node + 1) - 1);
            assign tree[(node - 1)*SUM_WIDTH +: SUM_WIDTH] = code_q[LEVELS-level]
              ? subtrees_q[(node - 2 + 2*ROW)*SUM_WIDTH +: SUM_WIDTH]
              : subtrees_q[(node - 2 + ROW)*SUM_WIDTH +: SUM_WIDTH];
          end
        end

        wire sign = (sum >= tree[SUM_WIDTH-1:0]) != falls && used[level];
        wire [LEVELS-1:0] code_next =
          code | ({{(LEVELS-1){1'b0}}, sign} << (LEVELS - 1 - level));
      end

      always @(posedge clk_i) begin
        if (advance && valid_q[LEVELS-1]) begin
          codes_q[unit*LEVELS +: LEVELS] <= gen_level[LEVELS-1].code_next;
        end
      end
    end
  endgenerate

  assign sums_ready_o  = advance;
  assign codes_data_o  = codes_q;
  assign codes_valid_o = valid_q[LEVELS];
  assign codes_last_o  = last_q[LEVELS];

  generate
    if (MODES > 1 && LEVELS > MODES) begin : gen_check
      initial begin
        $display("%m: LEVELS (%0d) is more than MODES (%0d)", LEVELS, MODES);
        $finish;
      end
    end
  endgenerate

endmodule

`default_nettype wire
