// Dense typed ids: an index that cannot be mistaken for the index of something else, and the
// containers indexed by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "support/check.h"

namespace allot {

// An index into the IdVector of one kind of thing. Default-constructed ids are invalid: they stand
// for "none". Ids order by index, invalid first.
template <typename Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(int32_t index) : index_(index) {}
  constexpr explicit Id(size_t index) : index_(static_cast<int32_t>(index)) {}

  constexpr bool valid() const { return index_ >= 0; }
  // -1 for an invalid id.
  constexpr int32_t index() const { return index_; }

  friend constexpr auto operator<=>(const Id&, const Id&) = default;

  template <typename H>
  friend H AbslHashValue(H state, Id id) {
    return H::combine(std::move(state), id.index_);
  }

 private:
  int32_t index_ = -1;
};

// The ids 0 .. size-1, in order.
template <typename IdType>
class IdRange {
 public:
  class Iterator {
   public:
    using value_type = IdType;
    using difference_type = std::ptrdiff_t;
    constexpr Iterator() = default;
    constexpr explicit Iterator(int32_t index) : index_(index) {}
    constexpr IdType operator*() const { return IdType(index_); }
    constexpr Iterator& operator++() {
      ++index_;
      return *this;
    }
    constexpr Iterator operator++(int) {
      Iterator old = *this;
      ++index_;
      return old;
    }
    friend constexpr bool operator==(const Iterator&, const Iterator&) = default;

   private:
    int32_t index_ = 0;
  };

  constexpr explicit IdRange(size_t size) : size_(static_cast<int32_t>(size)) {}
  constexpr Iterator begin() const { return Iterator(0); }
  constexpr Iterator end() const { return Iterator(size_); }
  constexpr size_t size() const { return static_cast<size_t>(size_); }

 private:
  int32_t size_;
};

// A vector indexed by one kind of id.
template <typename IdType, typename T>
class IdVector {
 public:
  using value_type = T;

  IdVector() = default;
  explicit IdVector(size_t size, const T& value = T()) : items_(size, value) {}

  typename std::vector<T>::reference operator[](IdType id) {
    ALLOT_CHECK(Contains(id));
    return items_[static_cast<size_t>(id.index())];
  }
  typename std::vector<T>::const_reference operator[](IdType id) const {
    ALLOT_CHECK(Contains(id));
    return items_[static_cast<size_t>(id.index())];
  }

  // Appends and returns the id of the new element.
  IdType Add(T item) {
    items_.push_back(std::move(item));
    return IdType(items_.size() - 1);
  }

  bool Contains(IdType id) const {
    return id.valid() && static_cast<size_t>(id.index()) < items_.size();
  }
  IdRange<IdType> ids() const { return IdRange<IdType>(items_.size()); }
  size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  void resize(size_t size, const T& value = T()) { items_.resize(size, value); }
  void reserve(size_t size) { items_.reserve(size); }
  void clear() { items_.clear(); }

  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

  const std::vector<T>& raw() const { return items_; }
  std::vector<T>& raw() { return items_; }

  friend bool operator==(const IdVector&, const IdVector&) = default;

 private:
  std::vector<T> items_;
};

}  // namespace allot

template <typename Tag>
struct std::hash<allot::Id<Tag>> {
  size_t operator()(allot::Id<Tag> id) const noexcept { return std::hash<int32_t>()(id.index()); }
};
