/* SPDX-License-Identifier: MIT */
/*
 * Option provider: the port of a guest whose hypervisor composes messages by hypercall. QEMU has no
 * such call, so the kernel plays the hypervisor too: it gives the message that QEMU's local APICs
 * take, and keeps count of what it gave.
 */
#ifndef KERNEL_PROVIDER_H
#define KERNEL_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

/* After port_start(), before devices are attached: all of PCI goes through it. */
void provider_start(void);
/* Was it started? */
bool provider_is_used(void);
/* Nothing is allocated any more. Reports that every mapping was ended, and how many there were. */
void provider_end(void);

#endif
