// Offsets into CONTEXT (win/context.h).
#define ContextFlags 0x30
#define MxCsr        0x34
#define SegCs        0x38
#define SegDs        0x3A
#define SegEs        0x3C
#define SegFs        0x3E
#define SegGs        0x40
#define SegSs        0x42
#define EFlags       0x44
#define Rax          0x78
#define Rcx          0x80
#define Rdx          0x88
#define Rbx          0x90
#define Rsp          0x98
#define Rbp          0xA0
#define Rsi          0xA8
#define Rdi          0xB0
#define R8           0xB8
#define R9           0xC0
#define R10          0xC8
#define R11          0xD0
#define R12          0xD8
#define R13          0xE0
#define R14          0xE8
#define R15          0xF0
#define Rip          0xF8
#define FltSave      0x100
#define StatusWord   0x102
#define TagWord      0x104
#define Xmm0         0x1A0
#define Xmm6         0x200
#define ContextEx    0x4D0
#define XStateOffset 0x4E0
// Of an XSAVE area: what is before its header.
#define LegacySize   512
// Of the flags: trap, alignment check, resume.
#define SlowFlags    0x50100

    .text

// hm_capture_context(context = rcx). EH-53: the segment values are Windows', not Linux'.
    .globl hm_capture_context
    .hidden hm_capture_context
    .type hm_capture_context, @function
    .p2align 4
hm_capture_context:
    .cfi_startproc
    pushfq
    .cfi_adjust_cfa_offset 8
    movq %rax, Rax(%rcx)
    movq %rcx, Rcx(%rcx)
    movq %rdx, Rdx(%rcx)
    movq %rbx, Rbx(%rcx)
    movq %rbp, Rbp(%rcx)
    movq %rsi, Rsi(%rcx)
    movq %rdi, Rdi(%rcx)
    movq %r8, R8(%rcx)
    movq %r9, R9(%rcx)
    movq %r10, R10(%rcx)
    movq %r11, R11(%rcx)
    movq %r12, R12(%rcx)
    movq %r13, R13(%rcx)
    movq %r14, R14(%rcx)
    movq %r15, R15(%rcx)
    popq %rax
    .cfi_adjust_cfa_offset -8
    andl $~0x100, %eax              // TF
    movl %eax, EFlags(%rcx)
    leaq 8(%rsp), %rax
    movq %rax, Rsp(%rcx)
    movq (%rsp), %rax
    movq %rax, Rip(%rcx)
    fxsave64 FltSave(%rcx)
    stmxcsr MxCsr(%rcx)
    movw $0x33, SegCs(%rcx)
    movw $0x2B, SegDs(%rcx)
    movw $0x2B, SegEs(%rcx)
    movw $0x53, SegFs(%rcx)
    movw $0x2B, SegGs(%rcx)
    movw $0x2B, SegSs(%rcx)
    movl $0x10000F, ContextFlags(%rcx)
    movq Rax(%rcx), %rax
    ret
    .cfi_endproc
    .size hm_capture_context, . - hm_capture_context

// hm_restore_context(context = rcx). Two instructions here are slow, and seldom needed: fxrstor, unless the x87 stack is
// empty and its status is what it already is, with nothing pending; and iretq, unless a flag is set that would act upon
// the way. Otherwise what the last instructions take is put below the new stack, its red zone left out:
//
//   RSP-136   RIP
//   RSP-144   flags
//   RSP-152   R8
//   RSP-160   RCX
    .globl hm_restore_context
    .hidden hm_restore_context
    .type hm_restore_context, @function
    .p2align 4
hm_restore_context:
    movl ContextFlags(%rcx), %eax
    notl %eax
    testl $0x100040, %eax           // CONTEXT_XSTATE: the CONTEXT_EX behind says where the XSAVE area is
    jnz 1f
    movslq XStateOffset(%rcx), %r8
    leaq ContextEx-LegacySize(%rcx,%r8), %r8
    testl $63, %r8d
    jnz 1f
    movl hm_extended_features(%rip), %eax
    movl hm_extended_features+4(%rip), %edx
    xrstor64 (%r8)                  // without x87 and SSE: those are in FltSave
1:  cmpb $0, TagWord(%rcx)
    jne 2f
    fnstsw %ax
    cmpw StatusWord(%rcx), %ax
    jne 2f
    testb $0x80, %al
    jnz 2f
    emms
    fldcw FltSave(%rcx)
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps Xmm0+\number*16(%rcx), %xmm\number
    .endr
    jmp 3f
2:  fxrstor64 FltSave(%rcx)
3:  ldmxcsr MxCsr(%rcx)
    movq Rbx(%rcx), %rbx
    movq Rbp(%rcx), %rbp
    movq Rsi(%rcx), %rsi
    movq Rdi(%rcx), %rdi
    movq R9(%rcx), %r9
    movq R10(%rcx), %r10
    movq R11(%rcx), %r11
    movq R12(%rcx), %r12
    movq R13(%rcx), %r13
    movq R14(%rcx), %r14
    movq R15(%rcx), %r15
    movq Rdx(%rcx), %rdx
    testl $SlowFlags, EFlags(%rcx)
    jnz 4f

    movq Rsp(%rcx), %r8
    subq $160, %r8
    movq Rip(%rcx), %rax
    movq %rax, 24(%r8)
    movl EFlags(%rcx), %eax
    movq %rax, 16(%r8)
    movq R8(%rcx), %rax
    movq %rax, 8(%r8)
    movq Rcx(%rcx), %rax
    movq %rax, (%r8)
    movq Rax(%rcx), %rax
    movq %r8, %rsp
    popq %rcx
    popq %r8
    popfq
    ret $128

// Flags, stack and RIP change together: with the trap flag set, the first instruction there is executed and then
// trapped. On the stack we are on:
//
//   rsp+32    SS
//   rsp+24    new RSP
//   rsp+16    flags
//   rsp+8     CS
//   rsp       RIP
4:  movl %ss, %eax
    pushq %rax
    pushq Rsp(%rcx)
    movl EFlags(%rcx), %eax
    pushq %rax
    movl %cs, %eax
    pushq %rax
    pushq Rip(%rcx)
    movq R8(%rcx), %r8
    movq Rax(%rcx), %rax
    movq Rcx(%rcx), %rcx
    iretq
    .size hm_restore_context, . - hm_restore_context

// hm_capture_stack_back_trace(skip = ecx, count = edx, frames = r8, hash = r9): hm_walk_stack() with the caller's
// registers. What our convention lets it change and Windows' does not is put back from them.
//
//   rsp+0x520   the caller's home slots, and its RSP before the call
//   rsp+0x518   the caller's return address
//   rsp+0x40    CONTEXT: the caller's registers, as if the call had returned
#define kFrame   0x518
#define kContext 0x40
    .globl hm_capture_stack_back_trace
    .hidden hm_capture_stack_back_trace
    .type hm_capture_stack_back_trace, @function
    .p2align 4
hm_capture_stack_back_trace:
    .cfi_startproc
    movl %ecx, 8(%rsp)
    subq $kFrame, %rsp
    .cfi_adjust_cfa_offset kFrame
    leaq kContext(%rsp), %rcx
    call hm_capture_context
    movq kFrame(%rsp), %rax
    movq %rax, kContext+Rip(%rsp)
    leaq kFrame+8(%rsp), %rax
    movq %rax, kContext+Rsp(%rsp)
    movl kFrame+8(%rsp), %edi
    movl %edx, %esi
    movq %r8, %rdx
    movq %r9, %rcx
    leaq kContext(%rsp), %r8
    call hm_walk_stack
    movq kContext+Rsi(%rsp), %rsi
    movq kContext+Rdi(%rsp), %rdi
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps kContext+Xmm6+(\number-6)*16(%rsp), %xmm\number
    .endr
    addq $kFrame, %rsp
    .cfi_adjust_cfa_offset -kFrame
    ret
    .cfi_endproc
    .size hm_capture_stack_back_trace, . - hm_capture_stack_back_trace

    .section .note.GNU-stack, "", @progbits
