/* SPDX-License-Identifier: MIT */
/*
 * fake_vtd.h - a small VT-d unit with its host, to test the driver alone: registers, invalidation
 * queue, table with a cache that is really stale until it is told, fault records. It decodes the
 * specification by itself and shares no header with src/. Bus addresses are not pointers; a unit
 * that does not snoop sees only what was cleaned.
 * Sources: [VTD] 5.1, 6.5.2, 7, 9.10, 11.4.
 */
#ifndef FAKE_VTD_H
#define FAKE_VTD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mirq/host.h>
#include <mirq/io.h>

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* Offsets and bits that tests poke at. */
enum {
	FAKE_CAP = 0x08,
	FAKE_ECAP = 0x10,
	FAKE_GCMD = 0x18,
	FAKE_GSTS = 0x1c,
	FAKE_RTADDR = 0x20,
	FAKE_FSTS = 0x34,
	FAKE_FECTL = 0x38,
	FAKE_IQH = 0x80,
	FAKE_IQT = 0x88,
	FAKE_IQA = 0x90,
	FAKE_ICS = 0x9c,
	FAKE_IECTL = 0xa0,
	FAKE_IRTA = 0xb8
};
#define FAKE_TE (1u << 31)
#define FAKE_WBF (1u << 27)
#define FAKE_QIE (1u << 26)
#define FAKE_IRE (1u << 25)
#define FAKE_IRTP (1u << 24)
#define FAKE_CFI (1u << 23)
#define FAKE_IQE (1u << 4)
#define FAKE_ICE (1u << 5)
#define FAKE_ITE (1u << 6)

#define FAKE_REGS_BYTES 0x2000
#define FAKE_MAX_LOG 4096
#define FAKE_NR_ALLOCS 16

/* What the unit was told, in order. */
struct fake_event {
	char kind; /* 'W' register write, 'D' descriptor done */
	uint32_t offset;
	uint64_t value;
};

struct fake_unit {
	struct mirq_host *host;
	uint64_t physical;
	uint8_t regs[FAKE_REGS_BYTES];
	/* What the unit holds inside. */
	uint64_t table_bus;
	uint32_t nr_entries, eim, is_latched;
	uint64_t (*cache)[2]; /* by index; valid where is_cached */
	uint8_t *is_cached;
	/* Knobs. */
	uint32_t deaf_set, deaf_clear; /* command bits whose set or clear is not reported */
	uint32_t all_ones_after;       /* accesses until every register reads all ones; 0: never */
	uint32_t is_deaf_queue;        /* fetches nothing */
	uint32_t stuck_at;             /* offset + 1 of a descriptor that it does not take */
	uint32_t looks_before_run;     /* reads of FSTS or IQH before it fetches */
	uint32_t nr_iqe, nr_ite, nr_ice; /* so many descriptors, waits, waits end in that error */
	uint32_t head_lag;               /* reads of IQH before a found queue is empty */
	/* What happened. */
	struct fake_event log[FAKE_MAX_LOG];
	uint32_t nr_log, nr_accesses, nr_reads;
	uint32_t nr_iec, nr_iec_global, nr_wait;
	uint32_t nr_completion_events; /* sent */
	const char *violation;         /* the first rule of the specification that software broke */
};

struct fake_alloc {
	uint8_t *memory; /* the CPU's */
	uint8_t *shadow; /* what a unit that does not snoop sees */
	size_t size_bytes;
	uint64_t bus;
};

enum fake_call {
	FAKE_ALLOC,
	FAKE_DMA_ALLOC,
	FAKE_MAP,
	FAKE_NR_CALLS
};
struct mirq_host {
	struct fake_unit units[2];
	struct fake_alloc dma[FAKE_NR_ALLOCS];
	uint64_t next_bus;
	uint64_t now_ns, tick_ns;
	uint32_t fail_at;      /* number of the call of the three that fails; 0: none */
	uint32_t fail_forever; /* and all after it */
	uint32_t nr_calls;     /* of the three */
	uint32_t nr_live;      /* allocations of both kinds and mappings */
	uint32_t nr_bad_frees; /* size or pointer wrong */
	uint32_t lock_depth;   /* interrupts off */
	uint32_t is_incoherent;
	uint32_t nr_cleans;
	uint32_t nr_logs;
	struct mirq_log_record last_log;
};

/* A host with two units, at 0xfed90000 and 0xfed91000: QI, IR, EIM, MHMV 15, C, 1 record. */
struct mirq_host *fake_host_new(void);
void fake_host_free(struct mirq_host *h);

uint32_t fake_read32(const struct fake_unit *u, uint32_t offset);
uint64_t fake_read64(const struct fake_unit *u, uint32_t offset);
void fake_write32(struct fake_unit *u, uint32_t offset, uint32_t value);
void fake_write64(struct fake_unit *u, uint32_t offset, uint64_t value);
/* The n-th event of a kind and offset, from 0; fails the test where there is none. */
uint32_t fake_log_find(const struct fake_unit *u, char kind, uint32_t offset, uint64_t value);
/* Where the CPU put what the unit finds at @bus. */
void *fake_memory(struct mirq_host *h, uint64_t bus);

/* A device writes @data to @address as @sid. 0: delivered; else the reason it is blocked. */
uint32_t fake_request(struct fake_unit *u, uint64_t address, uint32_t data, uint32_t sid,
		      uint32_t *out_vector, uint32_t *out_target);
/* Take a fault into record @index. */
void fake_fault(struct fake_unit *u, uint32_t index, uint64_t info, uint32_t sid, uint32_t reason);

#endif
