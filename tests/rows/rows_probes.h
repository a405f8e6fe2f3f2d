/* SPDX-License-Identifier: MIT */
/* rows_probes.h - the probes of rows_messages.c, rows_unit.c and rows_platform.c. */
#ifndef TESTS_ROWS_PROBES_H
#define TESTS_ROWS_PROBES_H

#include "rows_bench.h"

void probe_wait_status(struct rows_bench *b);
void probe_wait_event(struct rows_bench *b);
void probe_entry(struct rows_bench *b);
void probe_subhandle_added(struct rows_bench *b);
void probe_subhandle_ignored(struct rows_bench *b);
void probe_source_match(struct rows_bench *b);
void probe_source_mismatch(struct rows_bench *b);
void probe_source_qualifier(struct rows_bench *b);
void probe_source_buses_in(struct rows_bench *b);
void probe_source_buses_many(struct rows_bench *b);
void probe_source_buses_out(struct rows_bench *b);
void probe_source_reserved(struct rows_bench *b);
void probe_entry_absent(struct rows_bench *b);
void probe_entry_reserved_low(struct rows_bench *b);
void probe_entry_reserved_high(struct rows_bench *b);
void probe_index_beyond(struct rows_bench *b);
void probe_entry_posted(struct rows_bench *b);
void probe_other_device(struct rows_bench *b);
void probe_port_own_id(struct rows_bench *b);
void probe_bridge_alias(struct rows_bench *b);
void probe_bridge_own_id(struct rows_bench *b);
void probe_compatible_blocked(struct rows_bench *b);
void probe_compatible_command(struct rows_bench *b);
void probe_compatible_allowed(struct rows_bench *b);
void probe_entry_stale(struct rows_bench *b);
void probe_entry_invalidated(struct rows_bench *b);
void probe_wide_destination(struct rows_bench *b);
void probe_wide_upper_bits(struct rows_bench *b);
void probe_wide_compatible(struct rows_bench *b);
void probe_fault_record(struct rows_bench *b);
void probe_fault_reasons(struct rows_bench *b);
void probe_fault_event(struct rows_bench *b);
void probe_store_compatible(struct rows_bench *b);
void probe_store_remappable(struct rows_bench *b);
void probe_store_own(struct rows_bench *b);
void probe_store_other(struct rows_bench *b);
void probe_store_wide(struct rows_bench *b);

void probe_dma_root_absent(struct rows_bench *b);
void probe_dma_context_absent(struct rows_bench *b);
void probe_dma_event(struct rows_bench *b);
void probe_dma_on_message(struct rows_bench *b);
void probe_dma_on_store(struct rows_bench *b);
void probe_ioapic(struct rows_bench *b);
void probe_ioapic_source(struct rows_bench *b);
void probe_hpet_compatible(struct rows_bench *b);
void probe_hpet_remappable(struct rows_bench *b);

#endif
