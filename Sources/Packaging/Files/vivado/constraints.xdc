# SPDX-License-Identifier: Apache-2.0
#
# Out of context only: the accelerator alone, its ports not on pins.
#
# The clock itself is not here, since an XDC file cannot read the design's clock: synthesize.tcl and
# package_ip.tcl write it into a file of its own (create_clock on aclk). There are no other
# constraints: one clock, no crossing, no false path, no multicycle path.

# aclk comes from a global buffer, which is not in the module.
set_property HD.CLK_SRC BUFGCTRL_X0Y0 [get_ports aclk]
