/** How long ago something was, in the two largest units: `3 d 4 h`, `12 min`, `8 s`. */
export function age(sinceEpochMs: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - sinceEpochMs) / 1_000));
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3_600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}
