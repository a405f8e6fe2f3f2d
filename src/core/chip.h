/* SPDX-License-Identifier: MIT */
/*
 * chip.h - what drivers of chips (roots, remappers, pci) ask the core beyond the public headers.
 */
#ifndef MIRQI_CHIP_H
#define MIRQI_CHIP_H

#include <mirq/bus.h>
#include <mirq/remapper.h>

/* The host given to mirq_init(). Any context. */
struct mirq_host *mirqi_host(const struct mirq *m);
/* mirq_remapper_init.data of a remapper that was attached with @ops; NULL: another kind. Any
 * context. */
void *mirqi_remapper_data(const struct mirq_domain *domain, const struct mirq_remapper_ops *ops);
/* mirq_device_init.data of a device that was attached with @fini; NULL: another bus's. Any
 * context. */
void *mirqi_device_data(const struct mirq_device *dev, void (*fini)(void *data));
/* Take the root back out of a system in which nothing hangs off it yet. Init context. */
void mirqi_root_detach(struct mirq *m);

#endif
