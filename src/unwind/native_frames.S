// hm_native_backtrace(context = rdi, callback = rsi, argument = rdx): _Unwind_Backtrace() from the frame that `context`
// describes, which is native. It begins with its own caller, so this function says in its unwind data that its caller's
// registers are the ones in the CONTEXT rbx points to.
    .text
    .globl hm_native_backtrace
    .hidden hm_native_backtrace
    .type hm_native_backtrace, @function
    .p2align 4
hm_native_backtrace:
    .cfi_startproc
    pushq %rbx
    .cfi_def_cfa_offset 16
    .cfi_offset %rbx, -16
    movq %rdi, %rbx
    movq %rsi, %rdi
    movq %rdx, %rsi
    .cfi_remember_state
    // DW_CFA_def_cfa_expression: what is at rbx + 0x98, Rsp
    .cfi_escape 0x0F, 4, 0x73, 0x98, 0x01, 0x06
    // DW_CFA_expression: register `number` is at rbx + offset, an SLEB128 of two bytes
.macro IN_CONTEXT number, offset
    .cfi_escape 0x10, \number, 3, 0x73, ((\offset) & 0x7F) | 0x80, (\offset) >> 7
.endm
    IN_CONTEXT 0, 0x78      // rax
    IN_CONTEXT 1, 0x88      // rdx
    IN_CONTEXT 2, 0x80      // rcx
    IN_CONTEXT 3, 0x90      // rbx
    IN_CONTEXT 4, 0xA8      // rsi
    IN_CONTEXT 5, 0xB0      // rdi
    IN_CONTEXT 6, 0xA0      // rbp
    IN_CONTEXT 8, 0xB8      // r8 ... r15
    IN_CONTEXT 9, 0xC0
    IN_CONTEXT 10, 0xC8
    IN_CONTEXT 11, 0xD0
    IN_CONTEXT 12, 0xD8
    IN_CONTEXT 13, 0xE0
    IN_CONTEXT 14, 0xE8
    IN_CONTEXT 15, 0xF0
    IN_CONTEXT 16, 0xF8     // rip
    call _Unwind_Backtrace@PLT
    .cfi_restore_state
    popq %rbx
    .cfi_def_cfa_offset 8
    ret
    .cfi_endproc
    .size hm_native_backtrace, . - hm_native_backtrace

    .section .note.GNU-stack, "", @progbits
