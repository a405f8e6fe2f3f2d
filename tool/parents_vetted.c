/* SPDX-License-Identifier: MIT */
/*
 * parents_vetted.c - stores of real devices, as src/stores has them, behind a VT-d unit: Intel's
 * DSA, the event queues of an mlx5 adapter, a Wi-Fi device whose users are told one by one. Each
 * release and request gives a slot to another PASID or queue; a device that sends under one that is
 * not its owner's is told by the machine.
 */
#include "parents.h"

#define NR_DSA 24u /* of 256 slots */

static uint64_t nr_sent(struct world *p)
{
	struct sim_device_stats stats;
	uint64_t nr = 0;

	for (uint32_t i = 0; i < sim_spec(p->s)->nr_devices; i++) {
		sim_device_stats(sim_device_at(p->s, i), &stats);
		nr += stats.nr_sent;
	}
	return nr;
}

void part_vetted(struct world *w)
{
	struct world *p = part_begin(w,
				     "cpus=4 posted=12 message=20 remapped=8 ipi=15 vtd=steps=3 "
				     "dsa:array=256,idxd,behind=root "
				     "mlx5:queue=8,mlx5,steps=3,behind=root "
				     "wifi:firmware=16,ath11k,behind=root",
				     MIRQ_GUEST_NO);
	struct sim_unit_stats unit;
	uint32_t nr_started = 0;
	struct tour t;

	if (!p)
		return;
	p->drivers[0].nr_queues = NR_DSA;
	for (uint32_t i = 0; i < p->nr_drivers; i++)
		nr_started += (uint32_t)part_start(p, i);
	if (nr_started == p->nr_drivers) {
		t = part_tour(p, (struct mirq_range){ 0, PARTS_CPUS });
		sim_unit_stats(sim_unit(p->s, 0), &unit);
		(void)report_check(
			p->report,
			part_is_good(&t) && nr_sent(p) == unit.nr_remapped && !unit.nr_blocked,
			"vetted: %u interrupts of idxd, mlx5 and ath11k, %u of %u moves "
			"changed the CPU, each store lent %u times; %llu messages sent, "
			"%llu remapped, %llu blocked",
			t.nr_irqs, t.nr_moved, t.nr_moves, 1 + t.nr_again / nr_started,
			(unsigned long long)nr_sent(p), (unsigned long long)unit.nr_remapped,
			(unsigned long long)unit.nr_blocked);
	}
	part_stop(p);
	part_end(w, p, "vetted");
}
