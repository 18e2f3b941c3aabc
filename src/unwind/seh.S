// Offsets into CONTEXT (win/context.h).
#define Rax     0x78
#define Rcx     0x80
#define Rdx     0x88
#define Rbx     0x90
#define Rsp     0x98
#define Rbp     0xA0
#define Rsi     0xA8
#define Rdi     0xB0
#define R8      0xB8
#define R9      0xC0
#define R10     0xC8
#define R11     0xD0
#define R12     0xD8
#define R13     0xE0
#define R14     0xE8
#define R15     0xF0
#define Rip     0xF8
#define EFlags  0x44
#define FltSave 0x100
#define StatusWord 0x102
#define Xmm0    0x1A0
#define Xmm6    0x200
#define MxCsr   0x34
#define ContextFlags 0x30
#define SegCs   0x38

    .text

// The entries below make this frame, and then call native code that does not come back:
//
//   rsp+0x520   the caller's home slots, and its RSP before the call
//   rsp+0x518   the caller's return address
//   rsp+0x40    CONTEXT: the caller's registers, as if the call had returned
#define kFrame   0x518
#define kContext 0x40

.macro ENTRY name
    .globl \name
    .hidden \name
    .type \name, @function
    .p2align 4
\name:
.endm

// The x87 stack is empty at every call, and so is what is written for it: fxsave takes much longer.
.macro CAPTURE_CALLER
    .cfi_startproc
    subq $kFrame, %rsp
    .cfi_def_cfa_offset kFrame+8
    stmxcsr kContext+MxCsr(%rsp)
    movq %rax, kContext+Rax(%rsp)
    movq %rcx, kContext+Rcx(%rsp)
    movq %rdx, kContext+Rdx(%rsp)
    movq %rbx, kContext+Rbx(%rsp)
    movq %rbp, kContext+Rbp(%rsp)
    movq %rsi, kContext+Rsi(%rsp)
    movq %rdi, kContext+Rdi(%rsp)
    movq %r8, kContext+R8(%rsp)
    movq %r9, kContext+R9(%rsp)
    movq %r10, kContext+R10(%rsp)
    movq %r11, kContext+R11(%rsp)
    movq %r12, kContext+R12(%rsp)
    movq %r13, kContext+R13(%rsp)
    movq %r14, kContext+R14(%rsp)
    movq %r15, kContext+R15(%rsp)
    movq kFrame(%rsp), %r10
    movq %r10, kContext+Rip(%rsp)
    leaq kFrame+8(%rsp), %r10
    movq %r10, kContext+Rsp(%rsp)
    pushfq
    .cfi_adjust_cfa_offset 8
    popq %r10
    .cfi_adjust_cfa_offset -8
    andl $~0x100, %r10d             // TF
    movl %r10d, kContext+EFlags(%rsp)
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps %xmm\number, kContext+Xmm0+\number*16(%rsp)
    .endr
    xorps %xmm0, %xmm0
    movaps %xmm0, kContext+FltSave(%rsp)
    movaps %xmm0, kContext+FltSave+16(%rsp)
    fnstcw kContext+FltSave(%rsp)
    fnstsw kContext+StatusWord(%rsp)
    movl kContext+MxCsr(%rsp), %r10d
    movl %r10d, kContext+FltSave+24(%rsp)
    movl $0x10000F, kContext+ContextFlags(%rsp)
    movl $0x002B0033, kContext+SegCs(%rsp)     // EH-53: Windows' values
    movl $0x0053002B, kContext+SegCs+4(%rsp)   // es, fs
    movl $0x002B002B, kContext+SegCs+8(%rsp)   // gs, ss
    cld
.endm

// RaiseException(code = ecx, flags = edx, count = r8d, arguments = r9)
ENTRY hm_raise_exception
    CAPTURE_CALLER
    movl %ecx, %edi
    movl %edx, %esi
    movl %r8d, %edx
    movq %r9, %rcx
    leaq kContext(%rsp), %r8
    call hm_raise
    ud2
    .cfi_endproc
    .size hm_raise_exception, . - hm_raise_exception

// RtlRaiseStatus(status = ecx): noncontinuable, no arguments
ENTRY hm_rtl_raise_status
    movl $1, %edx
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    jmp hm_raise_exception
    .size hm_rtl_raise_status, . - hm_rtl_raise_status

// RtlRaiseException(record = rcx)
ENTRY hm_rtl_raise_exception
    CAPTURE_CALLER
    movq %rcx, %rdi
    leaq kContext(%rsp), %rsi
    call hm_raise_record
    ud2
    .cfi_endproc
    .size hm_rtl_raise_exception, . - hm_rtl_raise_exception

// RtlUnwindEx(target frame = rcx, target ip = rdx, record = r8, result = r9, ...); what the caller offers as scratch
// is not needed. RtlUnwind is the same with four parameters.
ENTRY hm_rtl_unwind_ex
    CAPTURE_CALLER
    movq %rcx, %rdi
    movq %rdx, %rsi
    movq %r8, %rdx
    movq %r9, %rcx
    leaq kContext(%rsp), %r8
    call hm_unwind
    ud2
    .cfi_endproc
    .size hm_rtl_unwind_ex, . - hm_rtl_unwind_ex

ENTRY hm_rtl_unwind
    jmp hm_rtl_unwind_ex
    .size hm_rtl_unwind, . - hm_rtl_unwind

// hm_call_seh(function = rdi, rsi, rdx, rcx, r8, activation = r9): four arguments from our convention to Windows'. Its
// callees keep what ours would keep, and more.
//
//   rsp+32   the activation, for walks that come here
//   rsp      shadow space
    .globl hm_call_seh_return
    .hidden hm_call_seh_return
ENTRY hm_call_seh
    .cfi_startproc
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    subq $48, %rsp
    movq %r9, 32(%rsp)
    movq %rdi, %rax
    movq %r8, %r9
    movq %rcx, %r8
    movq %rsi, %rcx
    call *%rax
hm_call_seh_return:
    cld
    addq $48, %rsp
    popq %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
    .size hm_call_seh, . - hm_call_seh

// hm_consolidate(target = rdi, callback = rsi, record = rdx). A C++ catch block runs below the frames that threw,
// because the exception object is in one of them, and yet its caller is the function with the try block. So this frame
// holds that function's registers, and says in its unwind data that they are to be taken from here:
//
//   rsp+256    machine frame: RIP, CS, flags, RSP, SS of the target
//   rsp+192    rbx, rbp, rsi, rdi, r12, r13, r14, r15 of the target
//   rsp+32     xmm6 ... xmm15 of the target
//   rsp        shadow space
//
// DWARF's description, for native unwinders, is the same: the CFA is put where it makes RIP the return address.
    .globl hm_unwind_base, hm_consolidate_end, hm_consolidate_entry
    .hidden hm_unwind_base, hm_consolidate_end, hm_consolidate_entry
    .p2align 4
hm_unwind_base:
ENTRY hm_consolidate
    .cfi_startproc
    .cfi_undefined %rip
    andq $-16, %rsp
    subq $304, %rsp
    movq %rdi, %rbx
    movq %rsi, %rax
    movq %rdx, %r9

    cld
    leaq Xmm6(%rbx), %rsi
    leaq 32(%rsp), %rdi
    movl $20, %ecx
    rep movsq
    .irp register, Rbx, Rbp, Rsi, Rdi, R12, R13, R14, R15
    movq \register(%rbx), %rcx
    movq %rcx, (%rdi)
    addq $8, %rdi
    .endr
    movq Rip(%rbx), %rcx
    movq %rcx, 256(%rsp)
    movq $0x33, 264(%rsp)
    movl EFlags(%rbx), %ecx
    movq %rcx, 272(%rsp)
    movq Rsp(%rbx), %rcx
    movq %rcx, 280(%rsp)
    movq $0x2B, 288(%rsp)

    .cfi_def_cfa %rsp, 264
    .cfi_offset %rip, -8
    .cfi_offset %rsp, 16
    .cfi_offset %rbx, -72
    .cfi_offset %rbp, -64
    .cfi_offset %rsi, -56
    .cfi_offset %rdi, -48
    .cfi_offset %r12, -40
    .cfi_offset %r13, -32
    .cfi_offset %r14, -24
    .cfi_offset %r15, -16
    movq %r9, %rcx
    call *%rax
    movq %rbx, %rdi
    movq %rax, %rsi
    call hm_consolidated
    ud2
    .cfi_endproc
hm_consolidate_end:
    .size hm_consolidate, . - hm_consolidate

    .p2align 2
hm_consolidate_entry:
    .long hm_consolidate - hm_unwind_base, hm_consolidate_end - hm_unwind_base, .Lunwind_info - hm_unwind_base
// UNWIND_INFO: version 1, no flags, no prolog, 39 slots, no frame register.
.Lunwind_info:
    .byte 1, 0, 39, 0
.macro SAVE_XMM number, offset          // UWOP_SAVE_XMM128
    .byte 0, (\number << 4) | 8
    .short \offset / 16
.endm
.macro SAVE_REGISTER number, offset     // UWOP_SAVE_NONVOL
    .byte 0, (\number << 4) | 4
    .short \offset / 8
.endm
    SAVE_XMM 6, 32
    SAVE_XMM 7, 48
    SAVE_XMM 8, 64
    SAVE_XMM 9, 80
    SAVE_XMM 10, 96
    SAVE_XMM 11, 112
    SAVE_XMM 12, 128
    SAVE_XMM 13, 144
    SAVE_XMM 14, 160
    SAVE_XMM 15, 176
    SAVE_REGISTER 3, 192
    SAVE_REGISTER 5, 200
    SAVE_REGISTER 6, 208
    SAVE_REGISTER 7, 216
    SAVE_REGISTER 12, 224
    SAVE_REGISTER 13, 232
    SAVE_REGISTER 14, 240
    SAVE_REGISTER 15, 248
    .byte 0, 1                          // UWOP_ALLOC_LARGE
    .short 256 / 8
    .byte 0, 10                         // UWOP_PUSH_MACHFRAME without error code
    .byte 0, 0                          // to an even number of slots

    .section .note.GNU-stack, "", @progbits
