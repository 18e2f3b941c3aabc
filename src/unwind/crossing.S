// hm_run_landing_pad(crossing = rdi, context = rsi): the caller's registers and the stack from here up to the new RSP go
// into the crossing (crossing.cc); the thread goes on in the landing pad, which writes over that part of the stack.
#define Rsp 0x98

    .text
    .globl hm_run_landing_pad, hm_back_from_landing_pad
    .hidden hm_run_landing_pad, hm_back_from_landing_pad
    .type hm_run_landing_pad, @function
    .type hm_back_from_landing_pad, @function
    .p2align 4
hm_run_landing_pad:
    movq %rbx, 0(%rdi)
    movq %rbp, 8(%rdi)
    movq %r12, 16(%rdi)
    movq %r13, 24(%rdi)
    movq %r14, 32(%rdi)
    movq %r15, 40(%rdi)
    movq %rsp, 48(%rdi)
    stmxcsr 72(%rdi)
    fnstcw 76(%rdi)
    movq %rdi, %r8
    movq %rsi, %r9
    movq Rsp(%rsi), %rcx
    subq %rsp, %rcx
    movq %rcx, 64(%r8)
    movq %rsp, %rsi
    movq 56(%r8), %rdi
    cld
    rep movsb
    movq %r9, %rcx
    jmp hm_restore_context
    .size hm_run_landing_pad, . - hm_run_landing_pad

// hm_back_from_landing_pad(crossing = rdi): everything is as it was, and the call above returns. A signal that comes
// while the stack is filled finds its place below it.
    .p2align 4
hm_back_from_landing_pad:
    movq %rdi, %r8
    movq 48(%r8), %rsp
    movq 56(%r8), %rsi
    movq %rsp, %rdi
    movq 64(%r8), %rcx
    cld
    rep movsb
    ldmxcsr 72(%r8)
    fldcw 76(%r8)
    movq 0(%r8), %rbx
    movq 8(%r8), %rbp
    movq 16(%r8), %r12
    movq 24(%r8), %r13
    movq 32(%r8), %r14
    movq 40(%r8), %r15
    ret
    .size hm_back_from_landing_pad, . - hm_back_from_landing_pad

    .section .note.GNU-stack, "", @progbits
