// hm_lazy_attach: where a thread continues that read gs:[...] without a TEB. The fault handler has moved RSP below the
// red zone and pushed the address of the instruction, as if it had been called from there:
//
//   rsp+136   the interrupted RSP
//   rsp+8     128 bytes of red zone: the interrupted code may be ours, which owns them
//   rsp       the instruction to return to
//
// Every register the interrupted code can see is the same afterwards, flags and vector registers included.
    .text
    .globl hm_lazy_attach
    .hidden hm_lazy_attach
    .type hm_lazy_attach, @function
    .p2align 4
hm_lazy_attach:
    .cfi_startproc
    .cfi_signal_frame
    .cfi_def_cfa %rsp, 136
    .cfi_offset %rip, -136
    pushfq
    .cfi_adjust_cfa_offset 8
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_offset %rbp, -152
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    .cfi_offset %rbx, -168
    .cfi_offset %rsi, -192
    .cfi_offset %rdi, -200
    cld

    subq hm_xsave_size(%rip), %rsp
    andq $-64, %rsp
    xorl %eax, %eax                 // the header behind the legacy area must start as zeros
    leaq 512(%rsp), %rdi
    movl $8, %ecx
    rep stosq
    movl $-1, %eax
    movl $-1, %edx
    xsave64 (%rsp)
    movq %rsp, %rbx

    call hm_attach_thread

    movq %rbx, %rsp
    movl $-1, %eax
    movl $-1, %edx
    xrstor64 (%rsp)
    leaq -80(%rbp), %rsp
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    popq %rbp
    .cfi_def_cfa %rsp, 144
    popfq
    .cfi_def_cfa_offset 136
    ret $128
    .cfi_endproc
    .size hm_lazy_attach, . - hm_lazy_attach

    .section .note.GNU-stack, "", @progbits
