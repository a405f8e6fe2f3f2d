/* SPDX-License-Identifier: MIT */
/*
 * vmd.c - a controller like Intel's VMD: one PCI function with MSI-X, behind which other devices
 * stand in a segment of their own. What they write does not go to the root complex. A write to
 * 0xfee00000 | n << 12 is an event of the controller's own MSI-X message n, whatever its data; all
 * others are dropped. There is no register that tells who it was.
 *
 * A read from a device behind it pushes what that device sent as far as the controller. What the
 * controller sends for it stands in the controller's own queue.
 * Sources: [VMD]; docs/machines.md. Locking: none.
 */
#include "fabric.h"
#include "model.h"

#define VMD_RANGE 63, 20
#define VMD_RANGE_VALUE UINT64_C(0xfee)
#define VMD_LINE 19, 12
#define VMD_REST 11, 0

static int vmd_is_line(const struct sim_device *vmd, uint64_t address)
{
	return SIM_GET(address, VMD_RANGE) == VMD_RANGE_VALUE && !SIM_GET(address, VMD_REST) &&
	       SIM_GET(address, VMD_LINE) < vmd->spec->nr_msix;
}

static enum sim_passage vmd_between(void *context, const struct sim_device *child,
				    uint64_t *address, uint32_t *data)
{
	uint32_t line = (uint32_t)SIM_GET(*address, VMD_LINE);
	struct sim_device *vmd = context;

	(void)data;
	if (!vmd_is_line(vmd, *address)) {
		sim_note(vmd->s, "%s drops %llx of %s", vmd->spec->name,
			 (unsigned long long)*address, child->spec->name);
		vmd->s->devices[child->index].stats.nr_astray++;
		return SIM_STOPS;
	}
	sim_note(vmd->s, "%s: %s raises line %u", vmd->spec->name, child->spec->name, line);
	sim_device_ring(vmd, line);
	return SIM_ENDS;
}

void sim_vmd_above(struct sim_device *child, struct sim_device *vmd)
{
	child->vmd = vmd;
	sim_device_set_between(child, vmd_between, vmd);
}

struct sim_device *sim_device_vmd(const struct sim_device *d)
{
	return d->vmd;
}
