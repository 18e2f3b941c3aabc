// hm_call_windows(proc = rdi, arguments = rsi, count = rdx, guard = rcx): from our convention into a DLL's.
//
//   rbp-8 ... rbp-40   rbx, r12, r13, r14, r15
//   rsp+132, rsp+136   MXCSR and x87 control word before the call
//   rsp+144            guard (unwind/guard.h reads it here)
//   rsp ... rsp+127    room for 16 arguments; the first four slots are the callee's shadow space
//
// After the call nothing but RSP is trusted. RSI, RDI and XMM6-15 belong to the callee in our convention, so the
// caller has not left anything in them.
    .text
    .globl hm_call_windows, hm_call_windows_double, hm_call_windows_both, hm_call_windows_return
    .hidden hm_call_windows, hm_call_windows_double, hm_call_windows_both, hm_call_windows_return
    .type hm_call_windows, @function
    .type hm_call_windows_double, @function
    .type hm_call_windows_both, @function
    .p2align 4
hm_call_windows:
hm_call_windows_double:
hm_call_windows_both:
    .cfi_startproc
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    .cfi_offset %rbx, -24
    .cfi_offset %r12, -32
    .cfi_offset %r13, -40
    .cfi_offset %r14, -48
    .cfi_offset %r15, -56
    subq $152, %rsp
    stmxcsr 132(%rsp)
    fnstcw 136(%rsp)
    movq %rcx, 144(%rsp)

    movq %rdi, %rax
    movq %rsi, %r10
    movq %rdx, %r11
1:  cmpq $4, %r11
    jbe 2f
    decq %r11
    movq (%r10,%r11,8), %rcx
    movq %rcx, (%rsp,%r11,8)
    jmp 1b
2:  movq 0(%r10), %rcx
    movq 8(%r10), %rdx
    movq 16(%r10), %r8
    movq 24(%r10), %r9
    movq %rcx, %xmm0
    movq %rdx, %xmm1
    movq %r8, %xmm2
    movq %r9, %xmm3
    call *%rax
hm_call_windows_return:

    cld
    stmxcsr 128(%rsp)
    movl 128(%rsp), %ecx
    xorl 132(%rsp), %ecx
    testl $0xFFC0, %ecx             // masks, rounding, flush and denormal modes; not the sticky flags
    jz 3f
    ldmxcsr 132(%rsp)
3:  fnstcw 128(%rsp)
    movzwl 128(%rsp), %ecx
    cmpw 136(%rsp), %cx
    je 4f
    fldcw 136(%rsp)
4:  addq $152, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
    .size hm_call_windows, . - hm_call_windows

// hm_call_leaf(a, b, c, function, guard), with the Windows convention on both sides, so that it costs next to nothing:
// calls a leaf (base/leaf_code.h), whose fault ends in the guard.
//
//   56 the return address
//   40 the guard
//    0 the leaf's parameters
    .globl hm_call_leaf, hm_call_leaf_return
    .hidden hm_call_leaf, hm_call_leaf_return
    .type hm_call_leaf, @function
    .p2align 4
hm_call_leaf:
    .cfi_startproc
    subq $56, %rsp
    .cfi_def_cfa_offset 64
    movq 96(%rsp), %rax
    movq %rax, 40(%rsp)
    call *%r9
hm_call_leaf_return:
    addq $56, %rsp
    .cfi_def_cfa_offset 8
    ret
    .cfi_endproc
    .size hm_call_leaf, . - hm_call_leaf

// hm_leave_thread(): pthread_exit(NULL) out of DLL frames. glibc unwinds the stack by force; without unwind data here
// it stops at once and goes to the thread's end, past DLL frames and past functions that let no exception through.
    .globl hm_leave_thread
    .hidden hm_leave_thread
    .type hm_leave_thread, @function
hm_leave_thread:
    andq $-16, %rsp
    xorl %edi, %edi
    call pthread_exit@PLT
    ud2
    .size hm_leave_thread, . - hm_leave_thread

    .section .note.GNU-stack, "", @progbits
