// The exported Windows names. Each is a few instructions: a thread that has its Windows side jumps straight to the
// native function, arguments untouched, whatever its signature. The first call of a name, and the first call of a
// thread, go through hm_enter_windows_name, which starts the runtime, attaches the thread and finds the function.
//
//   stack on the slow path, from the top:  return address of the caller
//                                          rcx rdx r8 r9 (saved)
//                                          xmm0-xmm3 (saved), 32 bytes shadow space for the call

        .text

#define OWN_TEB _ZN7hmodule6thread6detail7own_tebE  // hmodule::thread::detail::own_teb

        .macro WINDOWS_NAME name
        .p2align 4
        .globl  \name
        .type   \name, @function
\name:
        endbr64
        movq    OWN_TEB@gottpoff(%rip), %rax
        cmpq    $0, %fs:(%rax)
        je      1f
        movq    hm_windows_targets+8*windows_name_index(%rip), %rax
        testq   %rax, %rax
        je      1f
        jmpq    *%rax
1:      movl    $windows_name_index, %eax
        jmp     enter_slowly
        .size   \name, . - \name
        .set    windows_name_index, windows_name_index + 1
        .endm

        .type   enter_slowly, @function
enter_slowly:
        .cfi_startproc
        pushq   %r9
        .cfi_adjust_cfa_offset 8
        pushq   %r8
        .cfi_adjust_cfa_offset 8
        pushq   %rdx
        .cfi_adjust_cfa_offset 8
        pushq   %rcx
        .cfi_adjust_cfa_offset 8
        subq    $104, %rsp
        .cfi_adjust_cfa_offset 104
        movups  %xmm0, 32(%rsp)
        movups  %xmm1, 48(%rsp)
        movups  %xmm2, 64(%rsp)
        movups  %xmm3, 80(%rsp)
        movl    %eax, %ecx
        call    hm_enter_windows_name
        movups  32(%rsp), %xmm0
        movups  48(%rsp), %xmm1
        movups  64(%rsp), %xmm2
        movups  80(%rsp), %xmm3
        addq    $104, %rsp
        .cfi_adjust_cfa_offset -104
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        popq    %rdx
        .cfi_adjust_cfa_offset -8
        popq    %r8
        .cfi_adjust_cfa_offset -8
        popq    %r9
        .cfi_adjust_cfa_offset -8
        jmpq    *%rax
        .cfi_endproc
        .size   enter_slowly, . - enter_slowly

        .set    windows_name_index, 0
#define HM_NAME(name, dll) WINDOWS_NAME name;
#include "api/windows_names.inc"

        .section .note.GNU-stack, "", @progbits
