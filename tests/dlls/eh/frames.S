// Frames that the compilers would not make (eh.h says what each does).

    .text

// XMM registers are set to the byte 0xA0 + number, the integer ones to 0x1111...1 times a number.
.macro SET_XMM number, value
    movq $(\value) * 0x0101010101010101, %rax
    movq %rax, %xmm\number
    punpcklqdq %xmm\number, %xmm\number
.endm
.macro COUNT_XMM number, value
    movq $(\value) * 0x0101010101010101, %rcx
    movq %rcx, %xmm0
    punpcklqdq %xmm0, %xmm0
    pcmpeqb %xmm\number, %xmm0
    pmovmskb %xmm0, %ecx
    cmpl $0xFFFF, %ecx
    setne %cl
    movzbl %cl, %ecx
    addl %ecx, %eax
.endm
.macro COUNT register, value
    movq $\value, %rcx
    cmpq %rcx, %\register
    setne %cl
    movzbl %cl, %ecx
    addl %ecx, %eax
.endm

// pushes, then 0xA8 for XMM and 0x28 for calls: aligned, as 8 pushes and the return address make 0x48
.macro SAVE_ALL
    .irp register, rbx, rbp, rsi, rdi, r12, r13, r14, r15
    pushq %\register
    .seh_pushreg %\register
    .endr
    subq $0xC8, %rsp
    .seh_stackalloc 0xC8
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps %xmm\number, 0x20 + (\number - 6) * 16(%rsp)
    .seh_savexmm %xmm\number, 0x20 + (\number - 6) * 16
    .endr
    .seh_endprologue
.endm
.macro RESTORE_ALL
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps 0x20 + (\number - 6) * 16(%rsp), %xmm\number
    .endr
    addq $0xC8, %rsp
    .irp register, r15, r14, r13, r12, rdi, rsi, rbp, rbx
    popq %\register
    .endr
.endm

    .globl changed_registers
    .def changed_registers; .scl 2; .type 32; .endef
    .seh_proc changed_registers
changed_registers:
    SAVE_ALL
    movq %rcx, %r11
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    SET_XMM \number, 0x50 + \number
    .endr
    movq $0x1111111111111111, %rbx
    movq $0x2222222222222222, %rbp
    movq $0x3333333333333333, %rsi
    movq $0x4444444444444444, %rdi
    movq $0x5555555555555555, %r12
    movq $0x6666666666666666, %r13
    movq $0x7777777777777777, %r14
    movq $0x1234567812345678, %r15
    movq %rdx, %rcx
    call *%r11
    xorl %eax, %eax
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    COUNT_XMM \number, 0x50 + \number
    .endr
    COUNT rbx, 0x1111111111111111
    COUNT rbp, 0x2222222222222222
    COUNT rsi, 0x3333333333333333
    COUNT rdi, 0x4444444444444444
    COUNT r12, 0x5555555555555555
    COUNT r13, 0x6666666666666666
    COUNT r14, 0x7777777777777777
    COUNT r15, 0x1234567812345678
    RESTORE_ALL
    ret
    .seh_endproc

    .globl call_spoiled
    .def call_spoiled; .scl 2; .type 32; .endef
    .seh_proc call_spoiled
call_spoiled:
    SAVE_ALL
    movq %rcx, %r11
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    SET_XMM \number, 0x60 + \number
    .endr
    .irp register, rbx, rbp, rsi, rdi, r12, r13, r14, r15
    movq $0x6B6B6B6B6B6B6B6B, %\register
    .endr
    movq %rdx, %rcx
    call *%r11
    RESTORE_ALL
    ret
    .seh_endproc

//   rsp+0x20   the handler
//   rsp+0x28   its data
    .globl call_with_handler, call_with_handler_return, ask_handler
    .def call_with_handler; .scl 2; .type 32; .endef
    .seh_proc call_with_handler
call_with_handler:
    subq $0x38, %rsp
    .seh_stackalloc 0x38
    .seh_handler ask_handler, @except, @unwind
    .seh_endprologue
    movq %r8, 0x20(%rsp)
    movq %r9, 0x28(%rsp)
    movq %rcx, %rax
    movq %rdx, %rcx
    call *%rax
call_with_handler_return:
    nop
    addq $0x38, %rsp
    ret
    .seh_endproc

// The language handler: passes on to the frame's own.
ask_handler:
    jmp *0x20(%rdx)

//   rsp+0x48   the record's data
//   rsp+0x28   its handler
//   rsp+0x20   the record: the one before it
    .globl call_with_record, call_with_record_return
    .def call_with_record; .scl 2; .type 32; .endef
    .seh_proc call_with_record
call_with_record:
    subq $0x58, %rsp
    .seh_stackalloc 0x58
    .seh_endprologue
    movq %gs:0, %rax
    movq %rax, 0x20(%rsp)
    movq %r8, 0x28(%rsp)
    movq %r9, 0x48(%rsp)
    leaq 0x20(%rsp), %rax
    movq %rax, %gs:0
    movq %rcx, %rax
    movq %rdx, %rcx
    call *%rax
call_with_record_return:
    movq 0x20(%rsp), %rcx
    movq %rcx, %gs:0
    addq $0x58, %rsp
    ret
    .seh_endproc
