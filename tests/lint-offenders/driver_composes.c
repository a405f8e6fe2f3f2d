/* SPDX-License-Identifier: MIT */
/* A driver makes messages of its own. */
#include <mirq/mirq.h>

struct nic {
	volatile uint32_t *slots;
	struct mirq_msg kept;
};

void nic_aim(struct nic *nic, uint32_t apic, uint32_t vector);
void nic_retarget(struct nic *nic);

void nic_aim(struct nic *nic, uint32_t apic, uint32_t vector)
{
	struct mirq_msg msg = { .address = 0xfee00000 | apic << 12 }; /* lint: rule 4 */

	msg.data = vector;                                   /* lint: rule 4 */
	nic->kept = (struct mirq_msg){ 0xfee00000, vector }; /* lint: rule 4 */
	nic->kept = msg;
}

void nic_retarget(struct nic *nic)
{
	nic->kept.data++;              /* lint: rule 4 */
	nic->kept.address |= 1u << 12; /* lint: rule 4 */
}
