// hm_call_late: what a trap jumps to until its function is found. r11 = the trap's slot (trap.cc). It is entered as the
// missing function would be, so the registers that carry arguments are kept over the search; then the function found is
// entered with the stack as it was.
//
//   rsp+0x80   (8 bytes unused: the stack is aligned)
//   rsp+0x40   xmm0...xmm3
//   rsp+0x20   rcx, rdx, r8, r9
//   rsp        room for the callee's four parameters
//
.text
.globl hm_call_late
.hidden hm_call_late
.type hm_call_late, @function
hm_call_late:
    subq $0x88, %rsp
    movq %rcx, 0x20(%rsp)
    movq %rdx, 0x28(%rsp)
    movq %r8, 0x30(%rsp)
    movq %r9, 0x38(%rsp)
    movaps %xmm0, 0x40(%rsp)
    movaps %xmm1, 0x50(%rsp)
    movaps %xmm2, 0x60(%rsp)
    movaps %xmm3, 0x70(%rsp)
    movq %r11, %rcx
    call hm_find_late
    movq %rax, %r11
    movq 0x20(%rsp), %rcx
    movq 0x28(%rsp), %rdx
    movq 0x30(%rsp), %r8
    movq 0x38(%rsp), %r9
    movaps 0x40(%rsp), %xmm0
    movaps 0x50(%rsp), %xmm1
    movaps 0x60(%rsp), %xmm2
    movaps 0x70(%rsp), %xmm3
    addq $0x88, %rsp
    jmp *%r11
.size hm_call_late, . - hm_call_late

.section .note.GNU-stack, "", @progbits
