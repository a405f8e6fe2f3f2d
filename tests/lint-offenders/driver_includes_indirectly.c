/* SPDX-License-Identifier: MIT */
/* A driver whose own header reaches for parents. */
#include "driver_with_bus.h"

void nic_leave(struct nic *nic);

void nic_leave(struct nic *nic)
{
	mirq_device_detach(nic->dev);
}
