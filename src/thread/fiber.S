// hm_switch_stack(save = rdi, to = rsi): leaves this stack and continues on another that was left the same way.
//
//   rsp ... rsp+159    xmm6 ... xmm15
//   rsp+160            MXCSR, x87 control word
//   rsp+168 ...        r15, r14, r13, r12, rdi, rsi, rbx, rbp, return address
//
// The stack pointer is stored to *save and loaded from *to. What is kept is what a Windows callee keeps, which is more
// than ours would.
    .text
    .globl hm_switch_stack
    .hidden hm_switch_stack
    .type hm_switch_stack, @function
    .p2align 4
hm_switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %rsi
    pushq %rdi
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $168, %rsp
    movups %xmm6, 0(%rsp)
    movups %xmm7, 16(%rsp)
    movups %xmm8, 32(%rsp)
    movups %xmm9, 48(%rsp)
    movups %xmm10, 64(%rsp)
    movups %xmm11, 80(%rsp)
    movups %xmm12, 96(%rsp)
    movups %xmm13, 112(%rsp)
    movups %xmm14, 128(%rsp)
    movups %xmm15, 144(%rsp)
    stmxcsr 160(%rsp)
    fnstcw 164(%rsp)
    movq %rsp, (%rdi)
    movq (%rsi), %rsp
    movups 0(%rsp), %xmm6
    movups 16(%rsp), %xmm7
    movups 32(%rsp), %xmm8
    movups 48(%rsp), %xmm9
    movups 64(%rsp), %xmm10
    movups 80(%rsp), %xmm11
    movups 96(%rsp), %xmm12
    movups 112(%rsp), %xmm13
    movups 128(%rsp), %xmm14
    movups 144(%rsp), %xmm15
    ldmxcsr 160(%rsp)
    fldcw 164(%rsp)
    addq $168, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rdi
    popq %rsi
    popq %rbx
    popq %rbp
    ret
    .size hm_switch_stack, . - hm_switch_stack

    .section .note.GNU-stack, "", @progbits
