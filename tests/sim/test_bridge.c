/* SPDX-License-Identifier: MIT */
/*
 * test_bridge.c - two machines in one process, each with a system of its own, at a non-transparent
 * bridge (sim/ntb.c): one raises interrupts of the other while that moves them. The oracle looks at
 * the receiver. At each of its points the other machine goes on by one step, or has an event.
 *
 * Breaks that were tried, each found here: of the bridge, writes that go where the place was when
 * they were posted to the other end, under no requester id, a doorbell that rings at home; of the
 * store, the window placed without closing, not placed again, placed before the peer has answered,
 * slots shown with offsets of the old place, a peer that is not told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../sim/oracle.h"
#include "../../sim/port_ntb.h"

#define NR_SLOTS 4
#define PLAIN "cpus=4 message=7 posted=3 ipi=5 "
#define UNIT "cpus=4 message=7 posted=3 remapped=4 ipi=5 vtd=steps=3 "
#define FAR "cpus=2 message=4 posted=6 ipi=2 "

struct pair {
	struct sim *here, *far;
	struct oracle *o;
	struct mirq *far_m;
	struct mirq_device *dev;
	struct mirq_store *store;
	struct mirq_irqs irqs[NR_SLOTS];
	struct sim_ntb *ntb;
	struct sim_device *far_end;
	struct sim_peer *peer;
	struct mirq_why why;
	uint64_t random;
	uint32_t is_busy, is_absent;
};

static uint32_t draw(struct pair *p, uint32_t limit)
{
	p->random = p->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(p->random >> 33) % limit;
}

static struct sim *machine(const char *text, const char *device)
{
	struct sim_error error = { 0 };
	char line[160];
	struct sim *s;

	(void)snprintf(line, sizeof(line), "%s%s", text, device);
	s = sim_parse(line, &error);
	assert_string_equal(error.text, "");
	assert_non_null(s);
	return s;
}

/* ---- The other machine ---- */

/* It was told by an interrupt of its own. */
static enum mirq_handled told(void *context)
{
	struct pair *p = context;

	if (!p->is_absent)
		sim_peer_told(p->peer);
	return MIRQ_HANDLED;
}

static void far_new(struct pair *p, const char *device)
{
	struct mirq_irq_handler handler = { MIRQ_SIZED(mirq_irq_handler), .handle = told,
					    .context = p };
	struct mirq_device *dev;
	struct mirq_irqs irqs;

	p->far = machine(FAR, device);
	assert_int_equal(sim_attach(p->far, NULL, &p->far_m), MIRQ_OK);
	p->far_end = sim_device(p->far, "two");
	p->ntb = sim_ntb_join(sim_device(p->here, "dev"), p->far_end);
	p->peer = sim_peer_new(p->far_end);
	sim_ntb_on_ring(p->far_end, NULL, NULL); /* by interrupt */
	assert_int_equal(sim_pci_attach(p->far, p->far_m, "two", &dev), MIRQ_OK);
	assert_int_equal(mirq_pci_alloc_irqs(dev, 1, 1, MIRQ_PCI_MSIX, NULL, &irqs), MIRQ_OK);
	assert_int_equal(mirq_irq_request(irqs, &handler), MIRQ_OK);
}

static void far_goes_on(struct pair *p)
{
	(void)sim_step_delivery(p->far);
	for (uint32_t cpu = 0; cpu < 2; cpu++)
		(void)sim_cpu_take(p->far, cpu);
}

static void far_rests(struct pair *p)
{
	sim_run_until_idle(p->far);
}

/* ---- The receiver ---- */

static void on_point(void *context, enum engine_point point)
{
	struct pair *p = context;

	oracle_on_point(p->o, point);
	far_goes_on(p);
	if (p->is_busy && !draw(p, 16))
		sim_peer_raise(p->peer, draw(p, NR_SLOTS));
}

static void pair_new(struct pair *p, const char *here, const char *dev, const char *two)
{
	*p = (struct pair){ .random = 7 };
	p->here = machine(here, dev);
	far_new(p, two);
	p->o = oracle_new(p->here, 16);
	sim_set_hook(p->here, on_point, p);
	assert_int_equal(oracle_attach(p->o, NULL), MIRQ_OK);
	assert_int_equal(oracle_pci_attach(p->o, "dev", &p->dev), MIRQ_OK);
	assert_int_equal(oracle_store_attach(p->o, p->dev, SIM_STORE_PEER, &p->store), MIRQ_OK);
}

static enum mirq_err alloc(struct pair *p, uint32_t i, uint32_t cpu)
{
	const struct mirq_irq_want want = { MIRQ_SIZED(mirq_irq_want), .at = { i, i + 1 },
					    .cpus = mirq_cpus_one(cpu) };

	return oracle_store_alloc(p->o, p->dev, p->store, &want, &p->irqs[i]);
}

static void start(struct pair *p, uint32_t i, uint32_t cpu)
{
	assert_int_equal(alloc(p, i, cpu), MIRQ_OK);
	assert_int_equal(oracle_request(p->o, p->irqs[i], NULL, NULL), MIRQ_OK);
}

static void rests(struct pair *p)
{
	far_rests(p);
	oracle_rest(p->o);
	assert_string_equal(oracle_verdict(p->o) ? oracle_verdict(p->o) : "", "");
}

static void pair_free(struct pair *p)
{
	const char *verdict;

	rests(p);
	verdict = oracle_finish(p->o);
	assert_string_equal(verdict ? verdict : "", "");
	oracle_free_memory(p->o);
	far_rests(p);
	assert_null(sim_violation(p->far));
	sim_bind(p->far, NULL);
	mirq_fini(p->far_m);
	assert_int_equal(sim_live(p->far), 0);
	sim_free(p->far);
	sim_free(p->here);
}

/* ---- Tests ---- */

static void churn(struct pair *p, uint32_t nr_moves)
{
	struct oracle_stats stats;
	struct sim_peer_stats peer;

	for (uint32_t i = 0; i < NR_SLOTS; i++)
		start(p, i, 0);
	p->is_busy = 1;
	for (uint32_t n = 0; n < nr_moves; n++) {
		uint32_t i = draw(p, NR_SLOTS), cpu = draw(p, 4);

		if (n % 8 == 7) {
			assert_int_equal(oracle_release(p->o, p->irqs[i], ORACLE_ALL), MIRQ_OK);
			assert_int_equal(oracle_request(p->o, p->irqs[i], NULL, NULL), MIRQ_OK);
		}
		assert_int_equal(oracle_move(p->o, p->irqs[i], mirq_cpus_one(cpu)), MIRQ_OK);
	}
	p->is_busy = 0;
	rests(p);
	oracle_stats(p->o, &stats);
	sim_peer_stats(p->peer, &peer);
	print_message("%llu events, %llu written, %llu kept, %llu calls, %llu answers\n",
		      (unsigned long long)peer.nr_raised, (unsigned long long)peer.nr_written,
		      (unsigned long long)peer.nr_kept, (unsigned long long)stats.nr_called,
		      (unsigned long long)peer.nr_answers);
	assert_true(peer.nr_raised > nr_moves && stats.nr_called > nr_moves);
}

static void pair__two_systems__no_event_is_lost_in_any_move(void **state)
{
	struct sim_peer_stats peer;
	struct pair p;

	(void)state;
	pair_new(&p, PLAIN, "dev:ntb=16K", "two:msix=1,ntb=16K");
	churn(&p, 300);
	sim_peer_stats(p.peer, &peer);
	assert_true(peer.nr_kept > 0);
	pair_free(&p);
}

/* One slot, and a window that reaches one CPU: it goes with each move. */
static void pair__window_goes_with_each_move__nothing_strays(void **state)
{
	struct sim_peer_stats peer;
	struct oracle_stats stats;
	struct pair p;

	(void)state;
	pair_new(&p, PLAIN, "dev:ntb=4K,behind=root", "two:msix=1,ntb=4K");
	start(&p, 0, 0);
	p.is_busy = 1;
	for (uint32_t n = 0; n < 200; n++)
		assert_int_equal(oracle_move(p.o, p.irqs[0], mirq_cpus_one(n % 4)), MIRQ_OK);
	p.is_busy = 0;
	rests(&p);
	sim_peer_stats(p.peer, &peer);
	oracle_stats(p.o, &stats);
	assert_true(peer.nr_kept > 20 && stats.nr_called > 50);
	assert_true(peer.nr_answers >= 2 * 199);
	pair_free(&p);
}

static void pair__behind_a_unit__peer_hears_of_no_move(void **state)
{
	struct sim_peer_stats before, after;
	struct sim_unit_stats unit;
	struct pair p;

	(void)state;
	pair_new(&p, UNIT, "dev:ntb=4K", "two:msix=1,ntb=4K");
	churn(&p, 100);
	sim_peer_stats(p.peer, &before);
	for (uint32_t n = 0; n < 20; n++)
		assert_int_equal(oracle_move(p.o, p.irqs[1], mirq_cpus_one(n % 4)), MIRQ_OK);
	sim_peer_stats(p.peer, &after);
	assert_int_equal(after.nr_answers, before.nr_answers);
	sim_unit_stats(sim_unit(p.here, 0), &unit);
	assert_int_equal(unit.nr_blocked, 0);
	pair_free(&p);
}

/* The peer may raise what it is shown and nothing else: not what is another device's here. */
static void pair__peer_sends_another_ones_message__is_blocked(void **state)
{
	struct mirq_device *nic;
	struct mirq_irqs irqs;
	struct mirq_msg msg;
	struct pair p;
	uint64_t window;

	(void)state;
	pair_new(&p, UNIT, "dev:ntb=4K nic:msix=1", "two:msix=1,ntb=4K");
	start(&p, 0, 0);
	assert_int_equal(oracle_pci_attach(p.o, "nic", &nic), MIRQ_OK);
	assert_int_equal(oracle_alloc(p.o, nic, 1, 1, MIRQ_PCI_ANY, NULL, &irqs), MIRQ_OK);
	assert_int_equal(oracle_request(p.o, irqs, NULL, NULL), MIRQ_OK);
	assert_int_equal(mirq_irq_compose(irqs, &msg), MIRQ_OK);
	window = sim_device_registers(p.far_end);
	/* The window stands behind table and pending bits. */
	sim_write(p.far, window + 0x3000 + msg.address % 0x1000, 4, msg.data);
	far_rests(&p);
	sim_run_until_idle(p.here);
	assert_int_equal(oracle_called(p.o, irqs), 0);
	assert_int_equal(oracle_faults(p.o), 1);
	pair_free(&p);
}

static void move__too_far__both_addresses_and_nothing_else(void **state)
{
	struct sim_peer_stats before, after;
	struct pair p;

	(void)state;
	pair_new(&p, PLAIN, "dev:ntb=8K", "two:msix=1,ntb=8K");
	start(&p, 0, 0);
	start(&p, 1, 1);
	oracle_snapshots(p.o, 1);
	sim_peer_stats(p.peer, &before);
	assert_int_equal(oracle_move(p.o, p.irqs[1], mirq_cpus_one(3)), MIRQ_ENOSPC);
	assert_int_equal(mirq_affinity_set(p.irqs[1], mirq_cpus_one(3), &p.why), MIRQ_ENOSPC);
	assert_int_equal(p.why.value, 0xfee00000);
	assert_int_equal(p.why.other, 0xfee03000);
	sim_peer_stats(p.peer, &after);
	assert_int_equal(after.nr_answers, before.nr_answers);
	oracle_snapshots(p.o, 0);
	sim_peer_raise(p.peer, 0);
	sim_peer_raise(p.peer, 1);
	rests(&p);
	assert_int_equal(oracle_called(p.o, p.irqs[1]), 1);
	/* Both may go there together, one after the other they may not. */
	assert_int_equal(oracle_move(p.o, p.irqs[0], mirq_cpus_one(3)), MIRQ_ENOSPC);
	assert_int_equal(oracle_free(p.o, p.irqs[0]), MIRQ_OK);
	assert_int_equal(oracle_move(p.o, p.irqs[1], mirq_cpus_one(3)), MIRQ_OK);
	sim_peer_raise(p.peer, 1);
	rests(&p);
	assert_int_equal(oracle_called(p.o, p.irqs[1]), 2);
	pair_free(&p);
}

static void peer__does_not_answer__call_ends_and_the_old_way_works(void **state)
{
	struct pair p;

	(void)state;
	pair_new(&p, PLAIN, "dev:ntb=4K", "two:msix=1,ntb=4K");
	start(&p, 0, 0);
	p.is_absent = 1;
	assert_int_equal(oracle_move(p.o, p.irqs[0], mirq_cpus_one(1)), MIRQ_EIO);
	sim_peer_raise(p.peer, 0);
	rests(&p);
	assert_int_equal(oracle_called(p.o, p.irqs[0]), 1);
	p.is_absent = 0;
	assert_int_equal(oracle_move(p.o, p.irqs[0], mirq_cpus_one(1)), MIRQ_OK);
	sim_peer_raise(p.peer, 0);
	rests(&p);
	assert_int_equal(oracle_called(p.o, p.irqs[0]), 2);
	pair_free(&p);
}

/* Nobody can write, so nobody is waited for; who comes up again reads the board first. */
static void link__down__moves_wait_for_nobody(void **state)
{
	struct pair p;

	(void)state;
	pair_new(&p, PLAIN, "dev:ntb=4K", "two:msix=1,ntb=4K");
	start(&p, 0, 0);
	sim_ntb_set_link(p.ntb, 0);
	for (uint32_t cpu = 1; cpu < 4; cpu++)
		assert_int_equal(oracle_move(p.o, p.irqs[0], mirq_cpus_one(cpu)), MIRQ_OK);
	sim_ntb_set_link(p.ntb, 1);
	sim_peer_told(p.peer);
	sim_peer_raise(p.peer, 0);
	rests(&p);
	assert_int_equal(oracle_called(p.o, p.irqs[0]), 1);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pair__two_systems__no_event_is_lost_in_any_move),
		cmocka_unit_test(pair__window_goes_with_each_move__nothing_strays),
		cmocka_unit_test(pair__behind_a_unit__peer_hears_of_no_move),
		cmocka_unit_test(pair__peer_sends_another_ones_message__is_blocked),
		cmocka_unit_test(move__too_far__both_addresses_and_nothing_else),
		cmocka_unit_test(peer__does_not_answer__call_ends_and_the_old_way_works),
		cmocka_unit_test(link__down__moves_wait_for_nobody),
	};

	return cmocka_run_group_tests_name("bridge", tests, NULL, NULL);
}
