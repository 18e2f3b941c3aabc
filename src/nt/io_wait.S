// long hm_cancellable_call(const uintptr_t* state, long number, long a, long b, long c, long d)
//
// A system call with up to four arguments; -EINTR instead if the lowest bit of `state` is set. The order signal's handler
// sends a thread that it finds in [hm_cancellable_call_begin, hm_cancellable_call_end) on to hm_cancellable_call_cancelled.
// The kernel leaves RIP at the instruction when it is going to make an interrupted call again.
    .text
    .globl hm_cancellable_call, hm_cancellable_call_begin, hm_cancellable_call_end, hm_cancellable_call_cancelled
    .hidden hm_cancellable_call, hm_cancellable_call_begin, hm_cancellable_call_end, hm_cancellable_call_cancelled
    .type hm_cancellable_call, @function
    .p2align 4
hm_cancellable_call:
    .cfi_startproc
    endbr64
    movq %rdi, %r11
    movq %rsi, %rax
    movq %rdx, %rdi
    movq %rcx, %rsi
    movq %r8, %rdx
    movq %r9, %r10
hm_cancellable_call_begin:
    testb $1, (%r11)
    jnz hm_cancellable_call_cancelled
    syscall
hm_cancellable_call_end:
    ret
hm_cancellable_call_cancelled:
    movq $-4, %rax                  // EINTR
    ret
    .cfi_endproc
    .size hm_cancellable_call, . - hm_cancellable_call

    .section .note.GNU-stack, "", @progbits
