#!lua flags=allow-oom
-- Claims alone: most of what a turn may hold isn't needed. ARGV: a number of the call's own, the number of claims, per claim:
-- queue, how many jobs at most, milliseconds of their leases, what their tokens begin with, the last token's number.
-- Answers the time, and per claim what shared/claiming.lua says.
--- @include "shared/store"
--- @include "shared/places"

local rare = {}
--- @include "shared/claiming"
--- @include "shared/claims"

-- What is seldom needed is defined when it is.
setmetatable(rare, {
  __index = function(self, name)
--- @include "shared/children"
--- @include "shared/deduplicating"
--- @include "shared/finishing"
--- @include "shared/claiming-rarely"
    local defined = {
      promoteDue = promoteDue,
      visibleOf = visibleOf,
      isTooSoon = isTooSoon,
      failDeferred = failDeferred,
      countOnLimiter = countOnLimiter,
      claimAgain = claimAgain,
    }
    for each, value in pairs(defined) do rawset(self, each, value) end
    return defined[name]
  end,
})

local answers = {}
makeClaims(take(), answers)
leave()
return { time[1], time[2], cmsgpack.pack(answers) }
