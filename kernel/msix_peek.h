/* SPDX-License-Identifier: MIT */
/* The kernel's own look at a function's MSI-X table, which mirq writes. Reads only. */
#ifndef KERNEL_MSIX_PEEK_H
#define KERNEL_MSIX_PEEK_H

#include <stdbool.h>
#include <stdint.h>

#include "pci.h"

struct msix_peek {
	const volatile char *table, *pending;
	uint32_t nr_slots;
};

/* False: the function has no MSI-X. */
bool msix_peek_init(struct msix_peek *p, const struct pci_function *f);
bool msix_is_masked(const struct msix_peek *p, uint32_t slot);
bool msix_is_pending(const struct msix_peek *p, uint32_t slot);

#endif
