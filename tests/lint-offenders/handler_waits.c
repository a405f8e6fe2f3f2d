/* SPDX-License-Identifier: MIT */
/* A handler, registered by somebody else, that waits and takes a sleeping lock. */
#include <mirq/mirq.h>

#include <pthread.h>
#include <stdlib.h>

struct nic {
	pthread_mutex_t lock;
	void *work;
};

enum mirq_handled nic_on_event(void *context);

enum mirq_handled nic_on_event(void *context)
{
	struct nic *nic = context;

	pthread_mutex_lock(&nic->lock); /* lint: rule 3 */
	nic->work = malloc(64);         /* lint: rule 3 */
	pthread_mutex_unlock(&nic->lock);
	return nic->work ? MIRQ_LATER : MIRQ_NOT_MINE;
}
