/**
 * The only script of the pages, served as `/countdown.js`: it counts the time left down every second, and every
 * 15 s asks whether an open approval changed, so that each open copy shows the outcome; an inbox is shown anew
 * when its reader comes back to it. Everything works without it. It writes text and attributes only; the server's
 * clock counts, not the reader's. Whoever has opened a form is told instead of losing what they typed.
 */
export const countdownScript = `'use strict';
(() => {
  const ahead = Number(document.body.dataset.now) - Date.now();
  const clocks = [...document.querySelectorAll('time')];
  const copy = document.querySelector('[data-status]');
  const two = (number) => String(number).padStart(2, '0');
  const left = (ms) => {
    const seconds = Math.floor(ms / 1000);
    const minutes = Math.floor(seconds / 60);
    if (ms <= 0) return 'no time left';
    if (minutes < 1) return seconds + ' s left';
    if (minutes < 60) return minutes + ' min ' + two(seconds % 60) + ' s left';
    return Math.floor(minutes / 60) + ' h ' + two(minutes % 60) + ' min left';
  };
  const tick = () => {
    for (const clock of clocks) clock.textContent = left(Date.parse(clock.dateTime) - Date.now() - ahead);
  };
  const ask = async () => {
    if (copy === null || document.visibilityState !== 'visible') return;
    try {
      const answer = await fetch(copy.dataset.status, { redirect: 'error' });
      if (!answer.ok) return;
      const { status, version } = await answer.json();
      if (status === copy.dataset.is && String(version) === copy.dataset.version) return;
      if (document.querySelector('details[open] form') === null) location.replace(location.pathname);
      else document.querySelector('[data-changed]').hidden = false;
    } catch {
      // The network is away; the next time will tell.
    }
  };
  tick();
  setInterval(tick, 1000);
  setInterval(ask, 15000);
  document.addEventListener('visibilitychange', ask);
  if (document.querySelector('[data-anew]') !== null) {
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState !== 'visible') return;
      if (document.querySelector('details[open] form') === null) location.replace(location.pathname + location.search);
    });
  }
})();
`;
