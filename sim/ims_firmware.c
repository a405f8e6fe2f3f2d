/* SPDX-License-Identifier: MIT */
/*
 * ims_firmware.c - firmware that is told one message through a mailbox and makes the messages of
 * all its events of it: event i is the data plus i. Its page:
 *
 *   0x00, 0x04  address     0x08  data     0x0c  how many events: 2 to this power
 *   0x10        command: 1 here is a message, 2 be silent, 0 forget the command that goes on
 *   0x14        (read only) 15:0 commands done so far, 16 busy, 17 the last one was refused
 *
 * It takes all of a message at once, when the command is done. Firmware that takes one message only
 * refuses another one, and goes on with the first. Events while it is silent are nobody's.
 * Firmware that is called ath11k has four users, each with a message and a share of the events:
 * 0x18 is the user that command 1 is for, and 0x0c says how many events it has (no power). Its
 * events are its data plus 0, 1, ... Where there is one event, users raise it by turns, 0 first.
 * Sources: docs/machines.md. Locking: none.
 */
#include "model.h"

#define MAILBOX_DATA 2u
#define MAILBOX_LOG2 3u
#define MAILBOX_STATUS 0x14u
#define MAILBOX_USER 0x18u
#define MAILBOX_STATUS_DONE 15, 0
#define MAILBOX_STATUS_BUSY 16, 16
#define MAILBOX_STATUS_REFUSED 17, 17
#define MAILBOX_COUNT_MASK 0xffffu

enum mailbox_command {
	MAILBOX_FORGET,
	MAILBOX_TELL,
	MAILBOX_STOP
};

/* Where each user's events begin, by how many there are in all. */
static const uint32_t *user_firsts(const struct sim_device *d)
{
	static const uint32_t of_32[] = { 0, 3, 13, 14, 32 }, of_16[] = { 0, 3, 8, 8, 16 };

	return d->spec->nr_firmware == 32 ? of_32 : of_16;
}

static uint32_t user_of(const struct sim_device *d, uint32_t slot)
{
	uint32_t user = 0;

	if (d->spec->nr_firmware == 1)
		return (uint32_t)(d->stats.nr_raised + 3) % SIM_IMS_NR_USERS;
	while (user + 1 < SIM_IMS_NR_USERS && slot >= user_firsts(d)[user + 1])
		user++;
	return user;
}

static uint32_t user_first(const struct sim_device *d, uint32_t user)
{
	return d->spec->nr_firmware == 1 ? 0 : user_firsts(d)[user];
}

static uint32_t user_word(const struct sim_device *d, uint32_t slot, uint32_t word)
{
	uint32_t user = user_of(d, slot);

	return d->ims.users[user].told[word] +
	       (word == MAILBOX_DATA ? slot - user_first(d, user) : 0);
}

static int user_takes(const struct sim_device *d)
{
	const struct sim_ims_user *user = &d->ims.users[d->ims.mailbox_user];

	for (uint32_t i = 0; i < 4; i++)
		if (d->spec->is_firmware_told_once && user->nr_told &&
		    user->told[i] != d->ims.mailbox[i])
			return 0;
	return 1;
}

static void user_take(struct sim_device *d)
{
	struct sim_ims_user *user = &d->ims.users[d->ims.mailbox_user];
	uint32_t first = user_first(d, d->ims.mailbox_user);
	uint32_t nr = d->spec->nr_firmware == 1 ? 1
						: user_firsts(d)[d->ims.mailbox_user + 1] - first;

	if (d->ims.mailbox[MAILBOX_LOG2] != nr)
		sim_violate(d->s, "a user inside the device was told of more or fewer events than "
				  "it has");
	for (uint32_t i = 0; i < 4; i++)
		user->told[i] = d->ims.mailbox[i];
	user->is_told = 1;
	user->nr_told++;
}

static int firmware_is_deaf(const struct sim_device *d, uint32_t slot)
{
	if (d->spec->is_firmware_ath11k)
		return !d->ims.users[user_of(d, slot)].is_told;
	return !d->ims.is_told || slot >> d->ims.told[MAILBOX_LOG2];
}

static int firmware_is_masked(const struct sim_device *d, uint32_t slot)
{
	(void)d;
	(void)slot;
	return 0;
}

static uint32_t firmware_word(const struct sim_device *d, uint32_t slot, uint32_t word)
{
	if (d->spec->is_firmware_ath11k)
		return user_word(d, slot, word);
	return d->ims.told[word] + (word == MAILBOX_DATA ? slot : 0);
}

/* It may be told another one, or was told nothing yet, or the same. */
static int firmware_takes(const struct sim_device *d)
{
	const struct sim_ims *ims = &d->ims;

	if (d->spec->is_firmware_ath11k)
		return user_takes(d);
	if (!d->spec->is_firmware_told_once || !ims->nr_told)
		return 1;
	for (uint32_t i = 0; i < 4; i++)
		if (ims->told[i] != ims->mailbox[i])
			return 0;
	return 1;
}

static void firmware_take(struct sim_device *d)
{
	uint32_t log2 = d->ims.mailbox[MAILBOX_LOG2];

	if (d->spec->is_firmware_ath11k) {
		user_take(d);
		return;
	}
	if (log2 > 31 || d->ims.areas[SIM_STORE_FIRMWARE].nr_slots >> log2 == 0)
		sim_violate(d->s, "firmware was told of more events than it has");
	for (uint32_t i = 0; i < 4; i++)
		d->ims.told[i] = d->ims.mailbox[i];
	d->ims.is_told = 1;
	d->ims.nr_told++;
}

static void firmware_silence(struct sim_device *d)
{
	d->ims.is_told = 0;
	for (uint32_t i = 0; i < SIM_IMS_NR_USERS; i++)
		d->ims.users[i].is_told = 0;
}

static void mailbox_end(struct sim_device *d, struct sim_command *c)
{
	int is_done, is_good = sim_ims_answer(d, &is_done);

	if (c->op == MAILBOX_TELL && !firmware_takes(d))
		is_done = is_good = 0;
	sim_note(d->s, "%s: firmware %s %s", d->spec->name,
		 c->op == MAILBOX_TELL ? "is told a message" : "is told to be silent",
		 is_done ? "" : ", and refuses");
	c->is_going = 0;
	d->ims.nr_done_mailbox = (d->ims.nr_done_mailbox + 1) & MAILBOX_COUNT_MASK;
	d->ims.has_mailbox_failed = !is_good;
	if (is_done && c->op == MAILBOX_TELL)
		firmware_take(d);
	else if (is_done)
		firmware_silence(d);
}

void sim_ims_mailbox_step(struct sim_device *d)
{
	struct sim_command *c = &d->ims.in_mailbox;

	if (c->steps_left)
		c->steps_left--;
	else
		mailbox_end(d, c);
}

static void mailbox_command(struct sim_device *d, uint32_t op)
{
	struct sim_command *c = &d->ims.in_mailbox;

	if (op == MAILBOX_FORGET) {
		c->is_going = 0;
		return;
	}
	if (c->is_going || op > MAILBOX_STOP) {
		sim_violate(d->s, "firmware was commanded while it was busy, or what it does not "
				  "know");
		return;
	}
	*c = (struct sim_command){ .is_going = 1, .steps_left = d->spec->nr_steps, .op = op };
	while (!d->spec->nr_steps && c->is_going && !d->ims.knobs.is_deaf)
		sim_ims_mailbox_step(d);
	sim_wake_bus(d->s);
}

static uint32_t firmware_read(const struct sim_device *d, uint32_t offset)
{
	if (offset == MAILBOX_STATUS)
		return (uint32_t)(SIM_PUT(MAILBOX_STATUS_DONE, d->ims.nr_done_mailbox) |
				  SIM_PUT(MAILBOX_STATUS_BUSY, d->ims.in_mailbox.is_going) |
				  SIM_PUT(MAILBOX_STATUS_REFUSED, d->ims.has_mailbox_failed));
	return offset < SIM_IMS_MAILBOX_COMMAND ? d->ims.mailbox[offset / 4] : 0;
}

static void firmware_write(struct sim_device *d, uint32_t offset, uint32_t value)
{
	if (offset == SIM_IMS_MAILBOX_COMMAND) {
		mailbox_command(d, value);
		return;
	}
	if (offset == MAILBOX_USER && d->spec->is_firmware_ath11k && value < SIM_IMS_NR_USERS) {
		d->ims.mailbox_user = value;
		return;
	}
	if (offset > SIM_IMS_MAILBOX_COMMAND) {
		sim_violate(d->s, "no register of a mailbox was written");
		return;
	}
	if (d->ims.in_mailbox.is_going)
		sim_violate(d->s, "a mailbox was written while its command went on");
	d->ims.mailbox[offset / 4] = value;
}

static void firmware_reset(struct sim_device *d)
{
	struct sim_ims *ims = &d->ims;

	ims->in_mailbox.is_going = 0;
	ims->is_told = ims->nr_told = ims->nr_done_mailbox = ims->has_mailbox_failed = 0;
	for (uint32_t i = 0; i < 4; i++)
		ims->told[i] = ims->mailbox[i] = 0;
	ims->mailbox_user = 0;
	for (uint32_t i = 0; i < SIM_IMS_NR_USERS; i++)
		ims->users[i] = (struct sim_ims_user){ 0 };
}

const struct sim_ims_kind sim_ims_firmware = {
	.name = "firmware",
	.is_deaf = firmware_is_deaf,
	.is_masked = firmware_is_masked,
	.word = firmware_word,
	.is_whole = 1,
	.read = firmware_read,
	.write = firmware_write,
	.reset = firmware_reset,
};
