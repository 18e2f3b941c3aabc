// set_jump(buffer = rcx): setjmp of Microsoft's runtime, with the caller's frame as Microsoft's compiler gives it: its
// stack pointer, which is what the unwinder calls its establisher. Clang 14 gives another.
    .text
    .globl set_jump
set_jump:
    leaq 8(%rsp), %rdx
    jmp *__imp___intrinsic_setjmpex(%rip)
