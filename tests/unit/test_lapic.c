/* SPDX-License-Identifier: MIT */
/*
 * The local APIC root, both modes: which registers are touched, in which order, and how often.
 * Register numbers are those of [SDM3] table 11-1 (page) and 11-6 (MSRs).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_pci.h"

#include "roots/lapic.h"

static const struct mirq_x86_msr msr = { MIRQ_SIZED(mirq_x86_msr), .read = fake_msr_read,
					 .write = fake_msr_write };

struct fixture {
	struct mirq_host *h;
	struct mirqi_lapic l;
	const struct mirq_root_ops *ops;
};

static struct fixture start(enum mirq_x86_apic apic, int with_msr)
{
	struct fixture f = { .h = fake_host_new() };
	struct mirqi_lapic_init init = {
		.spurious_vector = 0xff,
		.apic = apic,
		.msr = with_msr ? &msr : NULL,
	};

	assert_int_equal(mirqi_lapic_init(&f.l, f.h, &init), MIRQ_OK);
	f.ops = mirqi_lapic_ops(&f.l);
	fake_host_clear(f.h);
	return f;
}

static void stop(struct fixture *f)
{
	mirqi_lapic_fini(&f->l);
	assert_int_equal(f->h->nr_mapped, 0);
	fake_host_free(f->h);
}

static void cpu_up__xapic__tpr_then_enable_with_spurious(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_AS_FOUND, 0);

	(void)state;
	f.h->lapic[0x02] = 5u << 24;
	f.h->lapic[0x0f] = 0x0000120f; /* the host's bits 12 and 9 stay */
	assert_int_equal(f.ops->cpu_up(&f.l, 1, 5), MIRQ_OK);
	assert_string_equal(f.h->trace, "mRfee00030 mRfee00020 mWfee00080=0 mRfee000f0 "
					"mWfee000f0=13ff ");
	fake_host_clear(f.h);
	f.ops->cpu_down(&f.l, 1);
	assert_string_equal(f.h->trace, "mRfee000f0 mWfee000f0=12ff ");
	stop(&f);
}

static void cpu_up__another_id_or_dead__eio(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_AS_FOUND, 0);

	(void)state;
	f.h->lapic[0x02] = 4u << 24;
	assert_int_equal(f.ops->cpu_up(&f.l, 1, 5), MIRQ_EIO);
	f.h->lapic[0x02] = 5u << 24;
	f.h->lapic[0x03] = 0xffffffff;
	assert_int_equal(f.ops->cpu_up(&f.l, 1, 5), MIRQ_EIO);
	assert_int_equal(f.h->nr_writes, 0);
	stop(&f);
}

/* The mode is seen where it can be: a CPU in x2APIC mode does not answer on the page. */
static void cpu_up__xapic_with_msr__mode_is_checked(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_AS_FOUND, 1);

	(void)state;
	assert_int_equal(f.l.is_x2, 0);
	assert_int_equal(f.ops->cpu_up(&f.l, 0, 0), MIRQ_OK);
	f.h->msr[0x1b] = 0xfee00d00;
	assert_int_equal(f.ops->cpu_up(&f.l, 0, 0), MIRQ_EIO);
	f.h->msr[0x1b] = 0xfee00100;
	assert_int_equal(f.ops->cpu_up(&f.l, 0, 0), MIRQ_EIO);
	stop(&f);
}

static void cpu_up__x2__entered_then_enabled(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_X2, 1);

	(void)state;
	assert_int_equal(f.h->nr_mapped, 0);
	f.h->msr[0x802] = 0x12345;
	assert_int_equal(f.ops->cpu_up(&f.l, 1, 0x12345), MIRQ_OK);
	assert_string_equal(f.h->trace, "sR1b sW1b=fee00d00 sR1b sR803 sR802 sW808=0 sR80f "
					"sW80f=1ff ");
	fake_host_clear(f.h);
	f.ops->cpu_down(&f.l, 1);
	assert_string_equal(f.h->trace, "sR80f sW80f=ff ");
	stop(&f);
}

/* From globally disabled straight to x2APIC would fault. [SDM3] 11.12.5. */
static void cpu_up__x2_from_disabled__two_steps(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_X2, 1);

	(void)state;
	f.h->msr[0x1b] = 0xfee00000;
	assert_int_equal(f.ops->cpu_up(&f.l, 0, 0), MIRQ_OK);
	assert_non_null(strstr(f.h->trace, "sR1b sW1b=fee00800 sW1b=fee00c00 sR1b "));
	stop(&f);
}

static void cpu_up__x2_found_already__not_entered_again(void **state)
{
	struct mirq_host *h = fake_host_new();
	struct mirqi_lapic_init init = { .spurious_vector = 0xff, .msr = &msr };
	struct mirqi_lapic l;

	(void)state;
	h->msr[0x1b] = 0xfee00c00;
	assert_int_equal(mirqi_lapic_init(&l, h, &init), MIRQ_OK);
	assert_int_equal(l.is_x2, 1);
	assert_int_equal(mirqi_lapic_ops(&l)->cpu_up(&l, 0, 0), MIRQ_OK);
	assert_null(strstr(h->trace, "sW1b"));
	fake_host_free(h);
}

/* Emulators without x2APIC ignore the bit. */
static void cpu_up__x2_that_is_not_there__eio(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_X2, 1);

	(void)state;
	f.h->has_no_x2 = 1;
	assert_int_equal(f.ops->cpu_up(&f.l, 0, 0), MIRQ_EIO);
	assert_null(strstr(f.h->trace, "sW80"));
	stop(&f);
}

static void init__x2_without_msr__enotsup(void **state)
{
	struct mirq_host *h = fake_host_new();
	struct mirq_why why = { NULL, NULL, 0, 0, 0, 0, 0 };
	struct mirqi_lapic_init init = { .apic = MIRQ_X86_APIC_X2, .why = &why };
	const struct mirq_x86_msr half = { MIRQ_SIZED(mirq_x86_msr), .read = fake_msr_read };
	struct mirqi_lapic l;

	(void)state;
	assert_int_equal(mirqi_lapic_init(&l, h, &init), MIRQ_ENOTSUP);
	assert_non_null(why.text);
	init.msr = &half;
	assert_int_equal(mirqi_lapic_init(&l, h, &init), MIRQ_EINVAL);
	init.msr = &(struct mirq_x86_msr){ MIRQ_SIZED(mirq_x86_msr), .write = fake_msr_write };
	assert_int_equal(mirqi_lapic_init(&l, h, &init), MIRQ_EINVAL);
	init.msr = NULL;
	init.apic = MIRQ_X86_APIC_AS_FOUND;
	h->map_fails_at = h->nr_maps + 1;
	assert_int_equal(mirqi_lapic_init(&l, h, &init), MIRQ_ENOMEM);
	assert_int_equal(why.value, 0xfee00000);
	assert_int_equal(h->nr_mapped, 0);
	fake_host_free(h);
}

static void eoi__both_modes__one_write(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_AS_FOUND, 0);

	(void)state;
	f.ops->eoi(&f.l, 0, 0x41);
	assert_string_equal(f.h->trace, "mWfee000b0=0 ");
	stop(&f);
	f = start(MIRQ_X86_APIC_X2, 1);
	f.ops->eoi(&f.l, 0, 0x41);
	assert_string_equal(f.h->trace, "sW80b=0 ");
	stop(&f);
}

/* For each vector only its own bit, of IRR and of ISR. */
static void pending__each_vector__its_bit_only(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_AS_FOUND, 0);

	(void)state;
	for (uint32_t set = 16; set < 256; set++) {
		memset(&f.h->lapic[0x10], 0, 24 * sizeof(f.h->lapic[0]));
		f.h->lapic[0x20 + set / 32] = 1u << set % 32;
		for (uint32_t vector = 16; vector < 256; vector++) {
			assert_int_equal(f.ops->pending(&f.l, 0, vector),
					 vector == set ? MIRQ_PENDING_YES : MIRQ_PENDING_NO);
			assert_int_equal(mirqi_lapic_in_service(&f.l, vector), MIRQ_PENDING_NO);
		}
		f.h->lapic[0x10 + set / 32] = 1u << set % 32;
		assert_int_equal(mirqi_lapic_in_service(&f.l, set), MIRQ_PENDING_YES);
		fake_host_clear(f.h);
	}
	stop(&f);
	f = start(MIRQ_X86_APIC_X2, 1);
	f.h->msr[0x827] = 1u << 31;
	f.h->msr[0x811] = 1u << 1;
	assert_int_equal(f.ops->pending(&f.l, 0, 255), MIRQ_PENDING_YES);
	assert_int_equal(f.ops->pending(&f.l, 0, 254), MIRQ_PENDING_NO);
	assert_int_equal(mirqi_lapic_in_service(&f.l, 33), MIRQ_PENDING_YES);
	assert_int_equal(mirqi_lapic_in_service(&f.l, 34), MIRQ_PENDING_NO);
	stop(&f);
}

static const struct mirq_route to_5 = {
	.cpu = 1, .hw_target = 5, .id = 0x41, .kind = MIRQ_ROUTE_FIXED
};

static void resend__xapic__destination_first_with_irq_off(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_AS_FOUND, 0);

	(void)state;
	f.h->lapic[0x31] = 3u << 24; /* the host was between its own two writes */
	f.ops->resend(&f.l, &to_5);
	assert_string_equal(f.h->trace, "mRfee00300 mRfee00310 mWfee00310=5000000 "
					"mWfee00300=4041 mWfee00310=3000000 ");
	assert_int_equal(f.h->nr_accesses_with_irq_on, 0);
	assert_int_equal(f.h->irq_off_depth, 0);
	stop(&f);
}

static void resend__xapic_busy__waits_but_not_forever(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_AS_FOUND, 0);

	(void)state;
	f.h->lapic_stays_busy = 3;
	f.ops->resend(&f.l, &to_5);
	assert_int_equal(f.h->nr_reads, 5);
	assert_int_equal(f.h->nr_writes, 3);
	fake_host_clear(f.h);
	f.h->lapic_stays_busy = 1 << 30;
	f.ops->resend(&f.l, &to_5);
	assert_true(f.h->now_ns < 3000000);
	assert_int_equal(f.h->nr_writes, 3); /* sent all the same */
	assert_int_equal(f.h->irq_off_depth, 0);
	stop(&f);
}

static void resend__x2__one_write(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_X2, 1);
	struct mirq_route route = to_5;

	(void)state;
	route.hw_target = 0x12345678;
	f.ops->resend(&f.l, &route);
	assert_string_equal(f.h->trace, "sW830=1234567800004041 ");
	stop(&f);
}

static void compose__block__first_vector(void **state)
{
	struct fixture f = start(MIRQ_X86_APIC_AS_FOUND, 0);
	struct mirq_msg msg = { 0, 0 };
	struct mirq_route route = to_5;

	(void)state;
	route.id = 0x40;
	f.ops->compose(&f.l, &route, 4, &msg);
	assert_int_equal(msg.address, 0xfee05000);
	assert_int_equal(msg.data, 0x40);
	assert_int_equal(f.h->trace_bytes, 0);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_up__xapic__tpr_then_enable_with_spurious),
		cmocka_unit_test(cpu_up__another_id_or_dead__eio),
		cmocka_unit_test(cpu_up__xapic_with_msr__mode_is_checked),
		cmocka_unit_test(cpu_up__x2__entered_then_enabled),
		cmocka_unit_test(cpu_up__x2_from_disabled__two_steps),
		cmocka_unit_test(cpu_up__x2_found_already__not_entered_again),
		cmocka_unit_test(cpu_up__x2_that_is_not_there__eio),
		cmocka_unit_test(init__x2_without_msr__enotsup),
		cmocka_unit_test(eoi__both_modes__one_write),
		cmocka_unit_test(pending__each_vector__its_bit_only),
		cmocka_unit_test(resend__xapic__destination_first_with_irq_off),
		cmocka_unit_test(resend__xapic_busy__waits_but_not_forever),
		cmocka_unit_test(resend__x2__one_write),
		cmocka_unit_test(compose__block__first_vector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
