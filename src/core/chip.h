/* SPDX-License-Identifier: MIT */
/*
 * chip.h - what drivers of chips (roots, remappers, pci) ask the core beyond the public headers.
 */
#ifndef MIRQI_CHIP_H
#define MIRQI_CHIP_H

#include <mirq/remapper.h>

/* The host given to mirq_init(). Any context. */
struct mirq_host *mirqi_host(const struct mirq *m);
/* mirq_remapper_init.data of a remapper that was attached with @ops; NULL: another kind. Any
 * context. */
void *mirqi_remapper_data(const struct mirq_domain *domain, const struct mirq_remapper_ops *ops);

#endif
