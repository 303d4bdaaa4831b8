// What is selected in one plan is selected in the other.
const frames = [...document.querySelectorAll('iframe')];
addEventListener('message', ({ source, origin, data }) => {
  if (origin !== location.origin) return;
  for (const frame of frames) if (frame.contentWindow !== source) frame.contentWindow.postMessage(data, location.origin);
});
