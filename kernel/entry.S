/* SPDX-License-Identifier: MIT */
/*
 * The 256 IDT entry points.
 *
 * Vectors 0..31 save every register (struct exception_frame in interrupts.h) and call
 * exception_entry(). Vectors 32..255 save only what a C call may change and call
 * kernel_interrupt(vector) with interrupts off.
 *
 * What it is not: it ends no interrupt; that is the job of whoever owns the vector.
 * Source: Intel SDM volume 3, 6.14 (64-bit mode); 6.15 for the vectors with an error code.
 * Locking: none. There is no user mode, so GS always holds the kernel's base: no SWAPGS.
 */

	.text
	.code64

	.altmacro
	.macro	STUB vector
	.align	16
	.if	\vector < 32
	/* 8, 10..14, 17, 21, 29, 30 push an error code themselves. */
	.ifeq	((0x60227d00 >> \vector) & 1)
	pushq	$0
	.endif
	pushq	$\vector
	jmp	exception_common
	.else
	pushq	$0
	pushq	$\vector
	jmp	interrupt_common
	.endif
	.endm

	.globl	interrupt_stubs
	.align	16
interrupt_stubs:
	vector = 0
	.rept	256
	STUB	%vector
	vector = vector + 1
	.endr
	.align	16

exception_common:
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	movq	%rsp, %rbx
	andq	$-16, %rsp
	call	exception_entry
	movq	%rbx, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rbp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rbx
	popq	%rax
	addq	$16, %rsp
	iretq

/* The CPU aligned the stack to 16; 7 words of frame and 9 registers keep it so. */
interrupt_common:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	cld
	movl	72(%rsp), %edi
	call	kernel_interrupt
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
