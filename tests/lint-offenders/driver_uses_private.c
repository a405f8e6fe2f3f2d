/* SPDX-License-Identifier: MIT */
/* A driver that names what is private, or what its headers do not show. */
#include <mirq/mirq.h>

struct mirqi_sparse; /* lint: rule 2 */

void *mirqi_sparse_find(struct mirqi_sparse *s, uint32_t index); /* lint: rule 2 */
enum mirq_err mirq_device_detach(struct mirq_device *dev);       /* lint: rule 2 */
void *nic_slot(struct mirqi_sparse *s, struct mirq_device *dev); /* lint: rule 2 */

void *nic_slot(struct mirqi_sparse *s, struct mirq_device *dev) /* lint: rule 2 */
{
	(void)mirq_device_detach(dev);
	return mirqi_sparse_find(s, 0); /* lint: rule 2 */
}
