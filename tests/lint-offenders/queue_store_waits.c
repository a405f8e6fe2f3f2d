/* SPDX-License-Identifier: MIT */
/* A store that describes itself to a ready-made kind: its drain is called with interrupts off, its
 * command gets the message and hands it on; what is for drivers is not for it. */
#include <mirq/ims_firmware.h>
#include <mirq/irq.h> /* lint: rule 2 */

#include <unistd.h>

void nic_post(const struct mirq_msg *message);
void nic_describe(struct mirq_ims_firmware *firmware);

static enum mirq_err nic_tell(void *context, const struct mirq_msg *message, uint32_t nr_log2)
{
	(void)context;
	(void)nr_log2;
	usleep(10);
	nic_post(message);                             /* lint: rule 4 */
	return message->data & 1 ? MIRQ_EIO : MIRQ_OK; /* lint: rule 4 */
}

static enum mirq_err nic_drain(void *context)
{
	(void)context;
	usleep(10); /* lint: rule 3 */
	return MIRQ_OK;
}

void nic_describe(struct mirq_ims_firmware *firmware)
{
	*firmware = (struct mirq_ims_firmware){ MIRQ_SIZED(mirq_ims_firmware), .tell = nic_tell };
	firmware->drain = nic_drain;
}
