/* SPDX-License-Identifier: MIT */
/*
 * compiler.h - what differs between compilers and languages. The only public header with #if in it.
 */
#ifndef MIRQ_COMPILER_H
#define MIRQ_COMPILER_H

#ifdef __cplusplus
#define MIRQ_BEGIN_DECLS extern "C" {
#define MIRQ_END_DECLS }
#else
#define MIRQ_BEGIN_DECLS
#define MIRQ_END_DECLS
#endif

#if defined(__GNUC__) || defined(__clang__)
#define MIRQ_MUST_CHECK __attribute__((warn_unused_result))
#else
#define MIRQ_MUST_CHECK
#endif

#endif
