/* SPDX-License-Identifier: MIT */
/*
 * test_defaults.c - a port with the functions that every port must have and no other: what
 * mirq/host.h and mirq/io.h promise of those that are left out. Linked without any port.
 *
 * Broken, and seen to fail: the offset left out of each access; unmap writes to what it unmaps;
 * panic returns.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <mirq/host.h>
#include <mirq/io.h>

struct mirq_host {
	uint32_t nr_reads, nr_writes, value;
	struct mirq_pci_address address;
};

uint32_t mirq_host_pci_read(struct mirq_host *h, struct mirq_pci_address address,
			    uint32_t offset_bytes, uint32_t width_bytes)
{
	h->nr_reads++;
	h->address = address;
	return offset_bytes << 8 | width_bytes;
}

void mirq_host_pci_write(struct mirq_host *h, struct mirq_pci_address address,
			 uint32_t offset_bytes, uint32_t width_bytes, uint32_t value)
{
	h->nr_writes++;
	h->address = address;
	h->value = value ^ offset_bytes ^ width_bytes;
}

static void regs__each_width__reach_the_offset_and_nothing_else(void **state)
{
	_Alignas(8) uint32_t bar[6] = { 1, 2, 3, 4, 5, 6 };
	struct mirq_regs r = { NULL, bar, sizeof(bar) };
	const uint32_t wanted[6] = { 1, 2, 30, 4, 0x11223344, 0x55667788 };

	(void)state;
	assert_int_equal(mirq_regs_read32(&r, 8), 3);
	assert_true(mirq_regs_read64(&r, 16) == (UINT64_C(6) << 32 | 5));
	mirq_regs_write32(&r, 8, 30);
	mirq_regs_write64(&r, 16, UINT64_C(0x5566778811223344));
	assert_memory_equal(bar, wanted, sizeof(bar));
}

static void config__read_and_write__go_to_the_host_as_they_are(void **state)
{
	struct mirq_host h = { 0 };
	struct mirq_config c = { &h, { 1, 2 } };

	(void)state;
	assert_int_equal(mirq_config_read(&c, 0x42, 2), 0x4202);
	assert_memory_equal(&h.address, &c.address, sizeof(c.address));
	mirq_config_write(&c, 0x44, 4, 0xff00);
	assert_int_equal(h.value, 0xff00 ^ 0x44 ^ 4);
	assert_int_equal(h.nr_reads, 1);
	assert_int_equal(h.nr_writes, 1);
}

/* What is left out does nothing, to anything. */
static void optional__left_out__touch_nothing(void **state)
{
	struct mirq_host h, before;
	unsigned char memory[32], same[32];
	const struct mirq_log_record record = { 0 };

	(void)state;
	memset(&h, 0xa5, sizeof(h));
	memset(memory, 0x5a, sizeof(memory));
	memcpy(&before, &h, sizeof(h));
	memcpy(same, memory, sizeof(memory));
	mirq_host_unmap(&h, memory, sizeof(memory));
	mirq_host_clean(&h, memory, sizeof(memory));
	mirq_host_wait(&h, MIRQ_WAIT_SPIN);
	mirq_host_wait(&h, MIRQ_WAIT_SLEEP);
	mirq_host_log(&h, &record);
	mirq_host_assert_context(&h, MIRQ_CONTEXT_THREAD);
	assert_memory_equal(&h, &before, sizeof(h));
	assert_memory_equal(memory, same, sizeof(memory));
}

static void panic__left_out__does_not_return(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (!child) {
		signal(SIGILL, SIG_DFL); /* cmocka's own would go on */
		signal(SIGTRAP, SIG_DFL);
		mirq_host_panic(NULL, "told to");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regs__each_width__reach_the_offset_and_nothing_else),
		cmocka_unit_test(config__read_and_write__go_to_the_host_as_they_are),
		cmocka_unit_test(optional__left_out__touch_nothing),
		cmocka_unit_test(panic__left_out__does_not_return),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
