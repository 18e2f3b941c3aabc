#include "nt/name_match.h"

#include "base/utf.h"

#include <algorithm>
#include <vector>

namespace hmodule::nt {
namespace {

constexpr char16_t kDosStar = u'<', kDosQuestion = u'>', kDosDot = u'"';

// The places in the pattern where a match of the name read so far may stand.
class Places {
 public:
  explicit Places(std::u16string_view pattern) : pattern_(pattern), now_(pattern.size() + 1), next_(now_) {
    now_[0] = true;
  }

  void read(char16_t c, bool dot_follows) {
    std::fill(next_.begin(), next_.end(), false);
    for (std::size_t place = 0; place < pattern_.size(); ++place)
      if (now_[place]) step(place, c, dot_follows);
    std::swap(now_, next_);
  }

  bool at_end() {
    for (std::size_t place = 0; place < pattern_.size(); ++place)
      if (now_[place] && matches_nothing_at_end(pattern_[place])) now_[place + 1] = true;
    return now_[pattern_.size()];
  }

 private:
  static bool matches_nothing_at_end(char16_t p) {
    return p == u'*' || p == kDosStar || p == kDosQuestion || p == kDosDot;
  }

  // Places are visited in rising order, so what a step adds to `now_` behind itself is visited in the same pass.
  void step(std::size_t place, char16_t c, bool dot_follows) {
    switch (const char16_t p = pattern_[place]) {
      case u'*':
        next_[place] = true;
        now_[place + 1] = true;
        break;
      case kDosStar:
        if (c != u'.' || dot_follows) next_[place] = true;
        now_[place + 1] = true;
        break;
      case kDosQuestion:
        if (c == u'.')
          now_[place + 1] = true;
        else
          next_[place + 1] = true;
        break;
      case kDosDot:
        if (c == u'.') next_[place + 1] = true;
        break;
      case u'?':
        next_[place + 1] = true;
        break;
      default:
        if (p == c) next_[place + 1] = true;
    }
  }

  std::u16string_view pattern_;
  std::vector<bool> now_, next_;
};

}  // namespace

std::u16string nt_pattern(std::u16string_view win32_pattern) {
  if (win32_pattern == u"*.*") return u"*";
  std::u16string out(win32_pattern);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool wild = out[i] == u'?' || out[i] == u'*';
    if (wild && i > 0 && out[i - 1] == u'.') out[i - 1] = kDosDot;
    if (out[i] == u'?') out[i] = kDosQuestion;
    if (out[i] == u'.' && i > 0 && out[i - 1] == u'*') out[i - 1] = kDosStar;
  }
  if (out.size() > 1 && out.back() == u'.' && out[out.size() - 2] == kDosStar) out.pop_back();
  return out;
}

bool name_matches(std::u16string_view pattern, std::u16string_view name, bool case_sensitive) {
  if (pattern == u"*") return true;
  const std::u16string folded_pattern = case_sensitive ? std::u16string(pattern) : upcase(pattern);
  Places places(folded_pattern);
  const std::size_t last_dot = name.rfind(u'.');
  for (std::size_t i = 0; i < name.size(); ++i)
    places.read(case_sensitive ? name[i] : upcase(name[i]), last_dot != std::u16string_view::npos && i < last_dot);
  return places.at_end();
}

bool has_wildcards(std::u16string_view pattern) {
  return pattern.find_first_of(u"*?<>\"") != std::u16string_view::npos;
}

}  // namespace hmodule::nt
