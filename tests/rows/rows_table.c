/* SPDX-License-Identifier: MIT */
/*
 * rows_table.c - what is tried, what the specification says and what QEMU 7.2 does instead.
 * scripts/check-testing reads this table and writes docs/testing.md by it: one field to a line or
 * several strings in a row, names in lower case with hyphens.
 */
#include "rows_probes.h"

#include <stddef.h>

static const struct row rows[] = {
	{
		.name = "wait-status",
		.text = "a wait descriptor writes its status word",
		.section = "6.5.2.8",
		.probe = probe_wait_status,
		.spec = "written",
	},
	{
		.name = "wait-event",
		.text = "a wait descriptor raises the completion event, itself not remapped, while "
			"compatibility format is blocked",
		.section = "5.1.4, 6.5.2.8",
		.probe = probe_wait_event,
		.spec = "delivered cpu=0x1 vector=0x61",
	},
	{
		.name = "entry",
		.text = "a remappable message goes where its entry says",
		.section = "5.1.3, 9.10",
		.probe = probe_entry,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "subhandle-added",
		.text = "a valid sub-handle is added to the handle",
		.section = "5.1.3",
		.probe = probe_subhandle_added,
		.spec = "delivered cpu=0x0 vector=0x62",
	},
	{
		.name = "subhandle-ignored",
		.text = "data counts for nothing where no sub-handle is valid",
		.section = "5.1.3",
		.probe = probe_subhandle_ignored,
		.spec = "delivered cpu=0x0 vector=0x41",
	},
	{
		.name = "source-match",
		.text = "SVT 1, the sender's own id",
		.section = "9.10",
		.probe = probe_source_match,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "source-mismatch",
		.text = "SVT 1, an id that differs in one bit",
		.section = "9.10",
		.probe = probe_source_mismatch,
		.spec = "blocked",
	},
	{
		.name = "source-qualifier",
		.text = "SVT 1, SQ 1: an id that differs in bit 2",
		.section = "9.10",
		.probe = probe_source_qualifier,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "source-buses-in",
		.text = "SVT 2, a range of one bus, the sender's",
		.section = "9.10",
		.probe = probe_source_buses_in,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "source-buses-many",
		.text = "SVT 2, a range of two buses, the sender's the first",
		.section = "9.10",
		.probe = probe_source_buses_many,
		.spec = "delivered cpu=0x1 vector=0x41",
		.qemu = "blocked",
		.reason = "QEMU takes the first bus for the last one and the last for the first: "
			  "only ranges of one bus work there",
	},
	{
		.name = "source-buses-out",
		.text = "SVT 2, a range of buses that begins after the sender's",
		.section = "9.10",
		.probe = probe_source_buses_out,
		.spec = "blocked",
	},
	{
		.name = "source-reserved",
		.text = "SVT 3, which is reserved",
		.section = "9.10",
		.probe = probe_source_reserved,
		.spec = "blocked",
	},
	{
		.name = "entry-absent",
		.text = "an entry that is not present",
		.section = "9.10",
		.probe = probe_entry_absent,
		.spec = "blocked",
	},
	{
		.name = "entry-reserved-low",
		.text = "reserved bit 12 of an entry",
		.section = "9.10",
		.probe = probe_entry_reserved_low,
		.spec = "blocked",
	},
	{
		.name = "entry-reserved-high",
		.text = "reserved bit 96 of an entry",
		.section = "9.10",
		.probe = probe_entry_reserved_high,
		.spec = "blocked",
	},
	{
		.name = "index-beyond",
		.text = "an index past the table",
		.section = "5.1.3",
		.probe = probe_index_beyond,
		.spec = "blocked",
	},
	{
		.name = "entry-posted",
		.text = "an entry of posted format on a unit without posted interrupts "
			"(CAP.PI = 0)",
		.section = "9.10, 9.11",
		.probe = probe_entry_posted,
		.spec = "blocked",
		.qemu = "delivered cpu=0x1 vector=0x41",
		.reason = "QEMU does not look at the bit: an entry spoilt so is not noticed there",
	},
	{
		.name = "other-device",
		.text = "a device sends the message of another one (SVT 1)",
		.section = "5.1.3, 9.10",
		.probe = probe_other_device,
		.spec = "blocked",
	},
	{
		.name = "port-own-id",
		.text = "below a root port: sent under the function's own id",
		.section = "9.10",
		.probe = probe_port_own_id,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "bridge-alias",
		.text = "below a PCIe-to-PCI bridge: sent under {secondary bus, 0.0}",
		.section = "9.10",
		.probe = probe_bridge_alias,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "bridge-own-id",
		.text = "the same, to an entry for the function's own id",
		.section = "9.10",
		.probe = probe_bridge_own_id,
		.spec = "blocked",
	},
	{
		.name = "compatible-blocked",
		.text = "compatibility format while CFI is 0",
		.section = "5.1.4",
		.probe = probe_compatible_blocked,
		.spec = "blocked",
		.qemu = "delivered cpu=0x1 vector=0x41",
		.reason = "QEMU ignores CFI: that mirq's devices send remappable format only is "
			  "shown by the trace (docs/witness.md), not by a blocked message",
	},
	{
		.name = "compatible-command",
		.text = "GCMD.CFI is set and cleared: GSTS.CFIS follows",
		.section = "11.4.4",
		.probe = probe_compatible_command,
		.spec = "status set and cleared",
		.qemu = "status never set and cleared",
		.reason = "who waits for CFIS waits for ever: mirq gives the command only where "
			  "GSTS shows CFIS, to clear it",
	},
	{
		.name = "compatible-allowed",
		.text = "compatibility format while CFI is 1",
		.section = "5.1.4",
		.probe = probe_compatible_allowed,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "wide-destination",
		.text = "extended mode: a 32-bit destination",
		.section = "5.1.3, 9.10",
		.probe = probe_wide_destination,
		.needs = ROWS_NEEDS_EIM,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "wide-upper-bits",
		.text = "extended mode: a destination that no APIC has, in its upper bits",
		.section = "9.10",
		.probe = probe_wide_upper_bits,
		.needs = ROWS_NEEDS_EIM,
		.spec = "blocked",
		.qemu = "delivered cpu=0x1 vector=0x41",
		.reason = "QEMU under TCG drops the upper 24 bits: ids above 254 cannot be shown "
			  "there",
	},
	{
		.name = "wide-compatible",
		.text = "extended mode: compatibility format, CFI 1",
		.section = "5.1.4",
		.probe = probe_wide_compatible,
		.needs = ROWS_NEEDS_EIM,
		.spec = "blocked",
		.qemu = "delivered cpu=0x1 vector=0x41",
		.reason = "QEMU lets compatibility format through in every mode "
			  "(compatible-blocked)",
	},
	{
		.name = "entry-stale",
		.text = "an entry is used, changed without invalidation, used again",
		.section = "6.1",
		.probe = probe_entry_stale,
		.spec = "delivered cpu=0x1 vector=0x41 then delivered cpu=0x1 vector=0x41",
		.qemu = "delivered cpu=0x1 vector=0x41 then delivered cpu=0x0 vector=0x62",
		.reason =
			"hardware may use the old entry or the new one; the simulated unit always "
			"uses the old, QEMU always the new. A missing invalidation has no effect "
			"on QEMU: the witness reads it from the trace",
	},
	{
		.name = "entry-invalidated",
		.text = "the same with an invalidation and a wait before the second use",
		.section = "6.5.2",
		.probe = probe_entry_invalidated,
		.spec = "delivered cpu=0x1 vector=0x41 then delivered cpu=0x0 vector=0x62",
	},
	{
		.name = "fault-record",
		.text = "a blocked message is recorded: reason, index, source",
		.section = "7.2, 11.4.14",
		.probe = probe_fault_record,
		.spec = "reason=0x22 index=0x5 right source",
		.qemu = "no record status=0x0",
		.reason =
			"QEMU records no fault of interrupt remapping: on it a blocked message is "
			"seen by its absence only",
	},
	{
		.name = "fault-reasons",
		.text = "an index past the table, an entry not present, a reserved bit, a wrong "
			"source",
		.section = "appendix A",
		.probe = probe_fault_reasons,
		.spec = "reason=0x21 reason=0x22 reason=0x24 reason=0x26",
		.qemu = "none none none none",
		.reason =
			"QEMU records no fault of interrupt remapping: on it a blocked message is "
			"seen by its absence only",
	},
	{
		.name = "fault-event",
		.text = "a blocked message raises the fault event",
		.section = "7.3",
		.probe = probe_fault_event,
		.spec = "delivered cpu=0x1 vector=0x61",
		.qemu = "no event",
		.reason = "QEMU's fault event is raised by faults of memory accesses only "
			  "(dma-event)",
	},
	{
		.name = "store-compatible",
		.text = "a store by DMA in compatibility format, CFI 0",
		.section = "3.13, 5.1.4",
		.probe = probe_store_compatible,
		.spec = "blocked",
		.qemu = "delivered cpu=0x1 vector=0x41",
		.reason = "QEMU ignores CFI (compatible-blocked)",
	},
	{
		.name = "store-remappable",
		.text = "a store by DMA in remappable format",
		.section = "3.13, 5.1.3",
		.probe = probe_store_remappable,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "store-own",
		.text = "the same through an entry for the sender (SVT 1)",
		.section = "9.10",
		.probe = probe_store_own,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "store-other",
		.text = "the same through an entry for another device (SVT 1)",
		.section = "9.10",
		.probe = probe_store_other,
		.spec = "blocked",
		.qemu = "delivered cpu=0x1 vector=0x41",
		.reason =
			"QEMU checks no interrupt source of a store by DMA: forging by DMA cannot "
			"be shown as blocked there",
	},
	{
		.name = "store-wide",
		.text = "eight bytes stored by DMA to the address of a message; not checked "
			"against the text, what is expected is what QEMU does",
		.section = "3.13",
		.probe = probe_store_wide,
		.needs = ROWS_NEEDS_WIDE_STORE,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "dma-root-absent",
		.text = "DMA remapping on, no root entry: the access is recorded",
		.section = "7.2, appendix A",
		.probe = probe_dma_root_absent,
		.needs = ROWS_NEEDS_DMA_REMAPPING,
		.spec = "reason=0x1 right source right address",
	},
	{
		.name = "dma-context-absent",
		.text = "the same with a root entry and no context entry",
		.section = "7.2, appendix A",
		.probe = probe_dma_context_absent,
		.needs = ROWS_NEEDS_DMA_REMAPPING,
		.spec = "reason=0x2 right source right address",
	},
	{
		.name = "dma-event",
		.text = "a fault of a memory access raises the fault event, itself not remapped",
		.section = "5.1.4, 7.3",
		.probe = probe_dma_event,
		.needs = ROWS_NEEDS_DMA_REMAPPING,
		.spec = "delivered cpu=0x1 vector=0x61",
	},
	{
		.name = "dma-on-message",
		.text = "a message while memory accesses pass through a context entry",
		.section = "3.13, 5.1.3",
		.probe = probe_dma_on_message,
		.needs = ROWS_NEEDS_DMA_REMAPPING,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "dma-on-store",
		.text = "a store by DMA to a message's address, the same way",
		.section = "3.13, 5.1.3",
		.probe = probe_dma_on_store,
		.needs = ROWS_NEEDS_DMA_REMAPPING,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "ioapic",
		.text = "an I/O APIC's entry in remappable format",
		.section = "5.1.5.1",
		.probe = probe_ioapic,
		.needs = ROWS_NEEDS_IOAPIC | ROWS_NEEDS_HPET,
		.spec = "delivered cpu=0x1 vector=0x41",
	},
	{
		.name = "ioapic-source",
		.text = "the same through an entry for somebody else's id (SVT 1)",
		.section = "5.1.5.1, 9.10",
		.probe = probe_ioapic_source,
		.needs = ROWS_NEEDS_IOAPIC | ROWS_NEEDS_HPET,
		.spec = "blocked",
		.qemu = "delivered cpu=0x1 vector=0x41",
		.reason = "QEMU does not check the I/O APIC's id",
	},
	{
		.name = "hpet-compatible",
		.text = "a message of the HPET in compatibility format, CFI 0",
		.section = "5.1.4, 5.1.5.2",
		.probe = probe_hpet_compatible,
		.needs = ROWS_NEEDS_HPET,
		.spec = "blocked",
		.qemu = "delivered cpu=0x1 vector=0x41",
		.reason = "QEMU's HPET stores past the unit: it is not remapped at all",
	},
	{
		.name = "hpet-remappable",
		.text = "a message of the HPET in remappable format",
		.section = "5.1.5.2",
		.probe = probe_hpet_remappable,
		.needs = ROWS_NEEDS_HPET,
		.spec = "delivered cpu=0x1 vector=0x41",
		.qemu = "blocked",
		.reason = "QEMU's HPET stores past the unit, and the store ends in a register of a "
			  "local APIC",
	},
};

uint32_t rows_nr(void)
{
	return sizeof(rows) / sizeof(rows[0]);
}

const struct row *rows_at(uint32_t index)
{
	return &rows[index];
}
