/* SPDX-License-Identifier: MIT */
/*
 * The clock: TSC ticks scaled by a factor that is measured once.
 *
 * What it is not: a source of interrupts, or wall time. A machine with neither reference gets
 * 1 GHz, which is exact under -icount shift=0 and safe for time limits elsewhere.
 * Sources: IA-PC HPET specification 1.0a, 2.3 (registers); Intel 8254 data sheet (channel 2,
 * mode 0, read-back by latch); Intel SDM volume 3, 17.17 (TSC).
 * Locking: none; immutable after clock_init().
 */
#include "clock.h"

#include <stdbool.h>

#include "console.h"
#include "mmio.h"
#include "paging.h"
#include "x86.h"

#define HPET_ADDRESS 0xfed00000u
#define HPET_PERIOD 0x004
#define HPET_CONFIG 0x010
#define HPET_COUNTER 0x0f0

#define HPET_CONFIG_ENABLE 1
#define HPET_MIN_PERIOD_FS 1000000u
#define HPET_MAX_PERIOD_FS 100000000u

#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61
#define PIT_HZ 1193182u

#define NS_PER_SECOND 1000000000ull
#define FS_PER_SECOND 1000000000000000ull

enum {
	MEASURE_NS = 4000000,
	MAX_POLLS = 1000000,
	LOOPS_PER_POLL = 64,
	LOOKS = 8
};

__extension__ typedef unsigned __int128 uint128;

/* A counter of known speed. start() says how fast, 0: not there. */
struct reference {
	const char *name;
	uint64_t (*start)(void);
	uint32_t (*read)(void);
	void (*stop)(void);
	uint32_t mask;
};

static struct {
	uint64_t base_tsc;
	uint64_t hz;
	uint64_t ns_per_tick_32; /* times 2^32 */
} tsc_clock;

static char *hpet;
static uint32_t hpet_old_config;

static uint64_t hpet_start(void)
{
	uint32_t period_fs;

	hpet = paging_map(HPET_ADDRESS, 4096, PAGING_DEVICE);
	period_fs = mmio_read32(hpet, HPET_PERIOD);
	if (period_fs < HPET_MIN_PERIOD_FS || period_fs > HPET_MAX_PERIOD_FS)
		return 0;
	hpet_old_config = mmio_read32(hpet, HPET_CONFIG);
	mmio_write32(hpet, HPET_CONFIG, hpet_old_config | HPET_CONFIG_ENABLE);
	return FS_PER_SECOND / period_fs;
}

static uint32_t hpet_read(void)
{
	return mmio_read32(hpet, HPET_COUNTER);
}

static void hpet_stop(void)
{
	mmio_write32(hpet, HPET_CONFIG, hpet_old_config);
}

/* Channel 2, low then high byte, mode 0: counts down from 0xffff once, while its gate is open. */
static uint64_t pit_start(void)
{
	x86_out8(PIT_GATE, (uint8_t)((x86_in8(PIT_GATE) & ~2u) | 1u));
	x86_out8(PIT_COMMAND, 0xb0);
	x86_out8(PIT_CHANNEL2, 0xff);
	x86_out8(PIT_CHANNEL2, 0xff);
	return PIT_HZ;
}

static uint32_t pit_read(void)
{
	uint32_t low;

	x86_out8(PIT_COMMAND, 0x80);
	low = x86_in8(PIT_CHANNEL2);
	return ~(low | (uint32_t)x86_in8(PIT_CHANNEL2) << 8);
}

static void pit_stop(void)
{
	x86_out8(PIT_GATE, (uint8_t)(x86_in8(PIT_GATE) & ~3u));
}

static const struct reference references[] = {
	{ "HPET", hpet_start, hpet_read, hpet_stop, UINT32_MAX },
	{ "PIT", pit_start, pit_read, pit_stop, 0xffff },
};

/* Without PAUSE: bounded by itself, and PAUSE would cost far more than the loop under -icount. */
static void loop_a_little(void)
{
	for (uint32_t i = 0; i < LOOPS_PER_POLL; i++)
		__asm__ volatile("");
}

/* One moment on both clocks. */
struct moment {
	uint32_t reference;
	uint64_t tsc;
};

/*
 * A host may take the processor away between two reads. Of some pairs the closest one is taken.
 */
static struct moment look(const struct reference *r)
{
	struct moment best = { 0, 0 };
	uint64_t best_gap = UINT64_MAX;

	for (uint32_t i = 0; i < LOOKS; i++) {
		uint64_t before = x86_tsc_read();
		uint32_t reference = r->read();
		uint64_t gap = x86_tsc_read() - before;

		if (gap < best_gap) {
			best = (struct moment){ reference, before + gap / 2 };
			best_gap = gap;
		}
	}
	return best;
}

/* TSC ticks a second, 0 when the counter is absent or stands still. At most 1 GHz: no overflow. */
static uint64_t measure(const struct reference *r)
{
	uint64_t hz = r->start();
	uint64_t target = hz * MEASURE_NS / NS_PER_SECOND;
	struct moment start, now = { 0, 0 };
	uint32_t ticks = 0;

	if (!hz)
		return 0;
	start = look(r);
	for (uint32_t i = 0; i < MAX_POLLS && ticks < target; i++) {
		loop_a_little();
		ticks = (r->read() - start.reference) & r->mask;
	}
	if (ticks >= target) {
		now = look(r);
		ticks = (now.reference - start.reference) & r->mask;
	}
	r->stop();
	return ticks < target ? 0 : (now.tsc - start.tsc) * hz / ticks;
}

void clock_init(void)
{
	const char *name = "nothing";
	uint64_t hz = 0;

	for (uint32_t i = 0; i < sizeof(references) / sizeof(references[0]) && !hz; i++) {
		hz = measure(&references[i]);
		name = hz ? references[i].name : name;
	}
	tsc_clock.hz = hz ? hz : NS_PER_SECOND;
	tsc_clock.ns_per_tick_32 = (NS_PER_SECOND << 32) / tsc_clock.hz;
	tsc_clock.base_tsc = x86_tsc_read();
	print("clock: TSC %lu kHz, measured against %s\n", tsc_clock.hz / 1000, name);
}

uint64_t clock_now_ns(void)
{
	uint64_t ticks = x86_tsc_read() - tsc_clock.base_tsc;

	return (uint64_t)((uint128)ticks * tsc_clock.ns_per_tick_32 >> 32);
}

uint64_t clock_tsc_hz(void)
{
	return tsc_clock.hz;
}

void clock_delay_ns(uint64_t ns)
{
	uint64_t start_ns = clock_now_ns();

	while (clock_now_ns() - start_ns < ns)
		x86_pause();
}
