// hm_interrupted: where a thread continues that has something to do before its instruction can be executed (again).
// The fault handler has put on its stack, below everything that is in use there:
//
//   rsp+8     what iretq takes to go back: RIP, CS, flags, RSP, SS
//   rsp       the function to call
//
// Every register the interrupted code can see is the same afterwards, flags and vector registers included.
    .text
    .globl hm_interrupted
    .hidden hm_interrupted
    .type hm_interrupted, @function
    .p2align 4
hm_interrupted:
    .cfi_startproc
    .cfi_signal_frame
    pushq %rbp
    movq %rsp, %rbp
    .cfi_escape 0x0F, 3, 0x76, 0x28, 0x06       // the caller's RSP is what is at rbp+40
    .cfi_escape 0x10, 16, 2, 0x76, 0x10         // rip is at rbp+16
    .cfi_escape 0x10, 6, 2, 0x76, 0x00          // rbp at rbp+0
    .cfi_escape 0x10, 3, 2, 0x76, 0x70          // rbx at rbp-16
    .cfi_escape 0x10, 4, 2, 0x76, 0x58          // rsi at rbp-40
    .cfi_escape 0x10, 5, 2, 0x76, 0x50          // rdi at rbp-48
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

    call *8(%rbp)

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
    addq $8, %rsp
    iretq
    .cfi_endproc
    .size hm_interrupted, . - hm_interrupted

    .section .note.GNU-stack, "", @progbits
