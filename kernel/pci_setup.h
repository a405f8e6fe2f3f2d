/* SPDX-License-Identifier: MIT */
/* Tells pci.c about this machine: where configuration space is, where addresses are free. */
#ifndef KERNEL_PCI_SETUP_H
#define KERNEL_PCI_SETUP_H

/*
 * Boot CPU, after paging. Options: ecam=ADDRESS for a machine without an MCFG; pci=assign places
 * everything anew; pci=low uses no address above 4 GiB.
 */
void pci_setup(void);

#endif
