/* SPDX-License-Identifier: MIT */
/* Function-level reset, so that a function's tables are known to be as after power-on. */
#ifndef KERNEL_PCI_RESET_H
#define KERNEL_PCI_RESET_H

#include <stdbool.h>

#include "pci.h"

/*
 * Resets @f and gives it back its addresses and its command register. Nobody may be using it.
 * False: it cannot be reset alone; nothing was done. Takes 100 ms.
 */
bool pci_reset(const struct pci_function *f);

#endif
