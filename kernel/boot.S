/* SPDX-License-Identifier: MIT */
/*
 * Entry of the boot CPU (PVH) and of every other CPU (start-up IPI), up to the first C function.
 *
 * What it is not: set-up of anything. C replaces the page tables and the GDT made here; they
 * identity-map the low 4 GiB and live only until then.
 *
 * Sources: the PVH boot ABI (32-bit flat protected mode, paging off, EBX = hvm_start_info);
 * Intel SDM volume 3, 10.8.5 (IA-32e mode initialization) and 9.4.4 (MP initialization).
 * Locking: none; the boot CPU is alone, the others touch only their own struct cpu.
 */

#define CODE32 0x08
#define DATA   0x10
#define CODE64 0x18

#define CR0_PE 0x00000001
#define CR0_NE 0x00000020
#define CR0_WP 0x00010000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME_NXE 0x900

/* Checked against kernel/cpu.h by static assertions in cpu.c and smp.c. */
#define CPU_STACK_TOP 8
#define TRAMPOLINE 0x8000

	/* QEMU reads the entry point as an 8-byte descriptor: name "Xen", type 18. */
	.section .note.Xen, "a", @note
	.align	4
	.long	4, 8, 18
	.asciz	"Xen"
	.quad	pvh_entry

/*
 * From 32-bit flat mode to 64-bit code at \target, with the page tables at %eax. Order: PAE and
 * CR3 before EFER.LME, LME before CR0.PG; the reverse gives #GP. NXE before the first entry with
 * an XD bit is used, or that entry is a reserved-bit fault.
 */
	.macro	ENTER_LONG_MODE target
	movl	%eax, %cr3
	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME_NXE, %eax
	wrmsr
	movl	$(CR0_PG | CR0_WP | CR0_NE | CR0_PE), %eax
	movl	%eax, %cr0
	ljmp	$CODE64, $\target
	.endm

	.section .text.boot, "ax", @progbits
	.code32
	.globl	pvh_entry
	.type	pvh_entry, @function
pvh_entry:
	cli
	cld
	movl	$bss_start, %edi
	movl	$bss_end, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	xorl	%eax, %eax
	rep stosl
	/* PML4 -> PDPT -> 4 page directories of 512 present, writable 2 MiB pages. */
	movl	$(boot_pdpt + 3), boot_pml4
	movl	$boot_pdpt, %edi
	movl	$(boot_pds + 3), %eax
	movl	$4, %ecx
1:	movl	%eax, (%edi)
	addl	$0x1000, %eax
	addl	$8, %edi
	loop	1b
	movl	$boot_pds, %edi
	movl	$0x83, %eax
	movl	$2048, %ecx
2:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	2b
	movl	%ebx, %esi
	lgdtl	boot_gdtr
	movl	$boot_pml4, %eax
	ENTER_LONG_MODE boot64

	.code64
boot64:
	movl	$DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$boot_stack_top, %esp
	xorl	%ebp, %ebp
	movl	%esi, %edi
	call	kernel_main
3:	cli
	hlt
	jmp	3b

/*
 * Copied to TRAMPOLINE by smp.c. A start-up IPI with that page number begins here in real mode
 * with CS:IP = page:0; everything after the jump runs from the kernel's own text.
 */
	.code16
	.globl	trampoline_start, trampoline_end
trampoline_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	lgdtl	TRAMPOLINE + (trampoline_gdtr - trampoline_start)
	movl	$CR0_PE, %eax
	movl	%eax, %cr0
	ljmpl	$CODE32, $ap_protected
	.align	4
trampoline_gdtr:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt
trampoline_end:

	.code32
ap_protected:
	movl	$DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	paging_root, %eax
	ENTER_LONG_MODE ap64

	.code64
ap64:
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	/* The initial APIC id says who we are: CPUID leaf 1, EBX bits 31:24. */
	movl	$1, %eax
	cpuid
	shrl	$24, %ebx
	movq	cpu_by_apic_id(,%rbx,8), %rdi
	testq	%rdi, %rdi
	jz	4f
	movq	CPU_STACK_TOP(%rdi), %rsp
	xorl	%ebp, %ebp
	call	smp_ap_main
4:	cli
	hlt
	jmp	4b

	.section .rodata.boot, "a", @progbits
	.align	8
boot_gdt:
	.quad	0
	.quad	0x00cf9b000000ffff
	.quad	0x00cf93000000ffff
	.quad	0x00af9b000000ffff
boot_gdt_end:
boot_gdtr:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt

	.section .bss.boot, "aw", @nobits
	.align	4096
boot_pml4:
	.skip	4096
boot_pdpt:
	.skip	4096
boot_pds:
	.skip	4 * 4096
	/* paging.c takes this page out of the map: an overflow faults instead of corrupting. */
	.globl	boot_stack_guard, boot_stack_top
boot_stack_guard:
	.skip	4096
	.skip	32768
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
