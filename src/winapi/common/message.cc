#include "winapi/common/message.h"

#include "base/utf.h"
#include "nls/codepage.h"
#include "winapi/common/message_insert.h"
#include "winapi/common/resources.h"

#include <algorithm>
#include <iterator>

namespace hmodule::winapi {
namespace {

// MESSAGE_RESOURCE_DATA: a count, and so many of these.
struct MessageBlock {
  DWORD LowId, HighId, OffsetToEntries;
};

struct SystemMessage {
  DWORD id;
  std::string_view text;
};
constexpr SystemMessage kSystemMessages[] = {
#define HM_MESSAGE(id, text) {id, text},
#include "winapi/common/system_messages.inc"
#undef HM_MESSAGE
};
static_assert(std::is_sorted(std::begin(kSystemMessages), std::end(kSystemMessages),
                             [](const SystemMessage& a, const SystemMessage& b) { return a.id < b.id; }));

// Walks the text once and writes the lines.
class Expander {
 public:
  Expander(std::u16string_view text, const MessageStyle& style) : text_(text), style_(style) {}
  Result<std::u16string> run();

 private:
  bool at_end() const { return at_ == text_.size(); }
  bool soft_breaks_are_spaces() const { return style_.width != 0; }
  bool wraps() const { return style_.width != 0 && style_.width < 255; }

  Status escape();  // after a '%'
  Status insert();
  void soft_break();
  void put(char16_t c);
  void put(std::u16string_view text) {
    for (const char16_t c : text) put(c);
  }
  void hard_break() {
    out_ += u"\r\n";
    line_ = out_.size();
  }

  std::u16string_view text_;
  const MessageStyle& style_;
  std::size_t at_ = 0;
  std::u16string out_;
  std::size_t line_ = 0;  // where the current line starts in out_
  bool finished_ = false;
};

void Expander::put(char16_t c) {
  out_ += c;
  if (!wraps() || out_.size() - line_ <= style_.width) return;
  const std::size_t space = out_.find_last_of(u' ');
  if (c == u' ') {
    out_.pop_back();
    hard_break();
  } else if (space != out_.npos && space >= line_) {
    out_.replace(space, 1, u"\r\n");
    line_ = space + 2;
  } else {
    out_.insert(out_.size() - 1, u"\r\n");
    line_ = out_.size() - 1;
  }
}

void Expander::soft_break() {
  if (text_[at_] == u'\r' && at_ + 1 < text_.size() && text_[at_ + 1] == u'\n') ++at_;
  ++at_;
  if (!soft_breaks_are_spaces())
    hard_break();
  else if (!out_.empty() && out_.back() != u' ')
    put(u' ');
}

Status Expander::insert() {
  const std::size_t start = at_ - 1;
  unsigned number = 0;
  for (int digits = 0; digits < 2 && !at_end() && text_[at_] >= u'0' && text_[at_] <= u'9'; ++digits)
    number = number * 10 + (text_[at_++] - u'0');
  std::u16string_view specification = u"s";
  if (!at_end() && text_[at_] == u'!') {
    const auto end = text_.find(u'!', at_ + 1);
    if (end == text_.npos)
      return fail(STATUS_INVALID_PARAMETER, "the message '{}' has an insert without an end", utf8(text_));
    specification = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
  }
  if (style_.ignore_inserts) {
    put(text_.substr(start, at_ - start));
    return ok;
  }
  if (style_.arguments == nullptr)
    return fail(STATUS_INVALID_PARAMETER, "the message '{}' has inserts, but no arguments are given", utf8(text_));
  put(TRY(format_insert(specification, style_.arguments, number - 1, style_.ansi)));
  return ok;
}

Status Expander::escape() {
  if (at_end()) return fail(STATUS_INVALID_PARAMETER, "the message '{}' ends with a '%'", utf8(text_));
  const char16_t c = text_[at_];
  if (c >= u'1' && c <= u'9') return insert();
  ++at_;
  switch (c) {
    case u'0':
      finished_ = true;
      break;
    case u'n':
      hard_break();
      break;
    case u'r':
      put(u'\r');
      break;
    case u't':
      put(u'\t');
      break;
    case u'b':
      put(u' ');
      break;
    case u'\r':
    case u'\n':
      --at_;
      soft_break();
      break;
    default:  // "%%", "% ", "%.", "%!" and all others stand for the character
      put(c);
  }
  return ok;
}

Result<std::u16string> Expander::run() {
  while (!at_end() && !finished_) {
    const char16_t c = text_[at_];
    if (c == u'\r' || c == u'\n') {
      soft_break();
    } else if (c == u'%') {
      ++at_;
      TRY(escape());
    } else {
      ++at_;
      put(c);
    }
  }
  return std::move(out_);
}

}  // namespace

Result<const MESSAGE_RESOURCE_ENTRY*> find_message(const pe::Image& image, std::uint16_t type, std::uint16_t name,
                                                   DWORD id, LANGID language) {
  const auto leaf = TRY(find_resource(image, pe::ResourceKey(type), pe::ResourceKey(name), language));
  const Bytes table = TRY(image.at(leaf.data, leaf.size));
  const DWORD blocks = TRY(table.read<DWORD>(0));
  for (DWORD i = 0; i < blocks; ++i) {
    const auto block = TRY(table.read<MessageBlock>(sizeof(DWORD) + std::uint64_t{i} * sizeof(MessageBlock)));
    if (id < block.LowId || id > block.HighId) continue;
    std::uint64_t at = block.OffsetToEntries;
    for (DWORD skipped = block.LowId;; ++skipped) {
      const auto entry = TRY(table.read<MESSAGE_RESOURCE_ENTRY>(at));
      const std::uint16_t length = entry.Length;
      if (length < sizeof entry)
        return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: its message table is damaged", image.name());
      const Bytes whole = TRY(table.slice(at, length));
      if (skipped == id) return reinterpret_cast<const MESSAGE_RESOURCE_ENTRY*>(whole.data());
      at += length;
    }
  }
  return fail_win32(ERROR_MR_MID_NOT_FOUND, "{}: has no message {:#x}", image.name(), id);
}

std::u16string text_of(const MESSAGE_RESOURCE_ENTRY& entry) {
  const auto* text = reinterpret_cast<const char*>(&entry + 1);
  const std::size_t size = entry.Length - sizeof entry;
  std::u16string out;
  if ((entry.Flags & 1) != 0)
    out.assign(reinterpret_cast<const char16_t*>(text), size / sizeof(char16_t));
  else
    out = nls::from_ansi({text, size});
  return out.substr(0, out.find(u'\0'));
}

std::optional<std::u16string> system_message(DWORD id) {
  if ((id & 0xFFFF0000) == 0x80070000) id &= 0xFFFF;  // HRESULT_FROM_WIN32
  const auto found = std::lower_bound(std::begin(kSystemMessages), std::end(kSystemMessages), id,
                                      [](const SystemMessage& m, DWORD wanted) { return m.id < wanted; });
  if (found == std::end(kSystemMessages) || found->id != id) return std::nullopt;
  return utf16(found->text) + u"\r\n";
}

Result<std::u16string> expand_message(std::u16string_view text, const MessageStyle& style) {
  return Expander(text, style).run();
}

}  // namespace hmodule::winapi
